/* SPDX-License-Identifier: GPL-2.0-only */
/* The management calls of the root: from the argument to the operation. */
#ifndef CORE_CONTROL_H
#define CORE_CONTROL_H

#include "core/cpu.h"

/* phys: the caller's argument. Returns the call's error; does not return where the CPU goes native.
 */
int control_call(struct cpu *self, uint64_t phys);

/* Ownership does not change while this lock is held; never waited for. */
bool control_try_lock(void);
void control_unlock(void);

#endif
