/* SPDX-License-Identifier: GPL-2.0-only */
/* Message signalled interrupts of virtual functions; msi_send() is in core/msix.h. */
#ifndef X86_MSI_H
#define X86_MSI_H

#include "core/cpu.h"

/* Where the root's remapping table is now, for messages in remappable format. */
void msi_find_remapping(struct cpu *self);

#endif
