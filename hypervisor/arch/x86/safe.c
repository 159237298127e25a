/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/safe.h"

/* Of safe.S: the instructions that may fault, and where all of them go on. */
extern const struct safe_fault {
	uint64_t rip;
	uint64_t vectors; /* bit per exception that tells the value off */
} safe_faults[];
extern const uint64_t safe_fault_count;
extern const uint8_t safe_failed[];

uint64_t safe_fixup(uint64_t vector, uint64_t rip)
{
	for (uint64_t i = 0; i < safe_fault_count; i++)
		if (safe_faults[i].rip == rip && vector < 64 &&
		    safe_faults[i].vectors >> vector & 1)
			return (uint64_t)safe_failed;
	return 0;
}
