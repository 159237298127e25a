/* SPDX-License-Identifier: GPL-2.0-only */
/* Model-specific registers: one table for the root, two for cells (with and without x2APIC). */
#ifndef X86_MSR_H
#define X86_MSR_H

#include "arch/x86/permissions.h"
#include "arch/x86/cpu.h"

struct msr_table {
	const struct msr_permission *entries;
	size_t count;
};

extern const struct msr_table msr_root_table;
extern const struct msr_table msr_cell_table;		/* the CPU's APIC is in x2APIC mode */
extern const struct msr_table msr_cell_table_no_x2apic; /* it is emulated on an xAPIC */

/* RDMSR or WRMSR exit; skips the instruction, or injects #GP, or fails the cell. */
void msr_exit(struct cpu *cpu, bool write);

#endif
