/* SPDX-License-Identifier: GPL-2.0-only */
/* Message signalled interrupts; arch_send_message(), of virtual functions, is in core/arch.h. */
#ifndef X86_MSI_H
#define X86_MSI_H

#include "arch/x86/cpu.h"

/* In the compatibility format, from what is not PCI; the cell is not the root. From any CPU. */
void msi_send_to_cell(struct cpu *self, const struct cell *cell, uint64_t address, uint32_t data);

/*
 * Where the root's remapping table is now, for messages in remappable format: found when it gets a
 * function, forgotten with its last one, under control_lock. Only a table that is the root's own
 * counts, and none of it is given away until it is forgotten (kept.h).
 */
void msi_find_remapping(struct cpu *self);
void msi_forget_remapping(void);

uint64_t msi_remapping_table(void); /* 0: none */
uint64_t msi_remapping_size(void);  /* bytes */

#endif
