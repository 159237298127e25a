/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Locks between CPUs in the hypervisor. The management lock is never waited for. Holders of the
 * others wait for no CPU, though for hardware: a bounded time. One is waited for within another in
 * this order alone: of an IOMMU, what AMD-Vi units have in common, of a link, of a cell's machine,
 * of a console. Those of a function and of an I/O APIC are only tried within these, and these
 * within them.
 */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include <stdbool.h>

#include "core/arch.h"

struct spinlock {
	bool taken;
};

static inline bool lock_try(struct spinlock *lock)
{
	return !__atomic_test_and_set(&lock->taken, __ATOMIC_ACQUIRE);
}

static inline void lock_acquire(struct spinlock *lock)
{
	while (!lock_try(lock))
		arch_pause();
}

static inline void lock_release(struct spinlock *lock)
{
	__atomic_clear(&lock->taken, __ATOMIC_RELEASE);
}

#endif
