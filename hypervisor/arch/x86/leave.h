/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs going native again: arch_leave(), arch_release(), arch_await_left(), and one that never
 * came. */
#ifndef X86_LEAVE_H
#define X86_LEAVE_H

#include "arch/x86/cpu.h"

/* This CPU has never run its guest, and cannot: Linux goes on natively and sees the entry fail. */
_Noreturn void leave_refused(struct cpu *self);

#endif
