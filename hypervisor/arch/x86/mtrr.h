/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory types of the machine. Under EPT the processor does not look at its MTRRs for guests (Intel
 * SDM vol. 3, 29.3.7.2): nested tables have to say what they say.
 */
#ifndef X86_MTRR_H
#define X86_MTRR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/paging.h"

#define MTRR_VARIABLE_MAX 32u
#define MTRR_FIXED_MSRS 11u

/* Each fixed MSR has the types of eight ranges (table 12-9). */
extern const struct mtrr_fixed {
	uint32_t msr;
	uint32_t start;
	uint32_t range; /* bytes of each of the eight */
} mtrr_fixed_msrs[MTRR_FIXED_MSRS];

/* The MSRs (Intel SDM vol. 3, 12.11); all of them hold types as the SDM numbers them. */
struct mtrr {
	uint64_t default_type; /* with the enable bits */
	uint64_t fixed[MTRR_FIXED_MSRS];
	uint64_t base[MTRR_VARIABLE_MAX];
	uint64_t mask[MTRR_VARIABLE_MAX];
	unsigned variable;  /* pairs of base and mask */
	uint64_t phys_mask; /* addresses the CPU can form */
};

/*
 * Whether memory at `address` is write-back; *end: the first address that may differ. Where the
 * firmware left the MTRRs off all is: the PAT, by which Linux maps devices, has the last word then
 * (table 12-7), and nobody has to know where RAM is, that is added later too.
 */
bool mtrr_is_write_back(const struct mtrr *mtrr, uint64_t address, uint64_t *end);

/*
 * Makes uncached in a map of the root what is not write-back in [base, base + size). Returns as
 * paging_map() does.
 */
int mtrr_apply(const struct mtrr *mtrr, struct paging *paging, uint64_t base, uint64_t size);

#endif
