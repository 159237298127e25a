/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks between CPUs in the hypervisor. Holders of all but the management
 * lock do not wait for other CPUs, and take no other, but that of a link within that of an IOMMU;
 * the management lock is never waited for. */
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
