/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between two owners of a CPU: what the former one left in its predictors and buffers neither
 * steers nor shows to the next one, as far as the processor has something for that.
 */
#ifndef X86_BARRIER_H
#define X86_BARRIER_H

#include <stdint.h>

#define BARRIER_PREDICTORS 1u /* IBPB: indirect branches */
#define BARRIER_BUFFERS 2u    /* VERW, that clears the buffers of MDS, TAA and TSA */
#define BARRIER_L1D 4u	      /* flush of the L1 data cache */

/* CPUID, where the leaf exists: else 0. */
struct barrier_facts {
	uint32_t leaf7_edx;
	uint32_t leaf80000008_ebx;
	uint32_t leaf80000021_eax;
};

/* Which of BARRIER_*. */
uint32_t barrier_choose(const struct barrier_facts *facts);

/* All that this CPU has; and always: returns are predicted to lead nowhere. */
void barrier_between_owners(void);

#endif
