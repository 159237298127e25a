/* SPDX-License-Identifier: GPL-2.0-only */
/* Message signalled interrupts of virtual functions; arch_send_message() is in core/arch.h. */
#ifndef X86_MSI_H
#define X86_MSI_H

#include "arch/x86/cpu.h"

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
