/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs going native again. */
#ifndef X86_LEAVE_H
#define X86_LEAVE_H

#include "core/cpu.h"

/* This CPU's guest goes on natively, from where it is, RAX = 0 and the call skipped. */
_Noreturn void leave_native(struct cpu *self);

/* This CPU has never run its guest, and cannot: Linux goes on natively and sees the entry fail. */
_Noreturn void leave_refused(struct cpu *self);

/* Asked by CPU_REQUEST_RELEASE: as it is, or halted where it has no guest context. */
_Noreturn void leave_released(struct cpu *self);

/*
 * After its release: true when the target has left our memory. One without a guest context halts
 * natively, and an INIT makes it wait for Linux's SIPI.
 */
bool leave_await(struct cpu *self, const struct cpu *target, bool had_guest);

#endif
