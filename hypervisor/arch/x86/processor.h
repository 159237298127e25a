/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Linux may be using of its processor that the hypervisor cannot carry. README.md, "What of
 * the processor Linux uses", has the whole table, with what is carried and what is virtualised.
 */
#ifndef X86_PROCESSOR_H
#define X86_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

/* Of one CPU, as Linux runs on it; zero where there is no such thing. */
struct processor {
	uint64_t cr3, cr4;
	unsigned address_bits;
	unsigned encryption_bit; /* of addresses (AMD64 APM vol. 3, Fn8000_001F); 0: none */
	uint64_t sev_status;	 /* MSR C001_0131 */
	uint64_t s_cet, trace_control;
	bool tdx_guest;
	bool has_invlpgb, guests_have_invlpgb;
};

/* Reads this CPU; changes nothing, and no access can fault. */
void processor_read(struct processor *processor, uint64_t cr3, uint64_t cr4);

/*
 * enum cellhv_cpu_mode that forbids to go on, or 0. `first`: of the CPU that entered first, or
 * NULL: what was found there has to hold everywhere.
 */
uint32_t processor_refuses(const struct processor *processor, const struct processor *first);

#endif
