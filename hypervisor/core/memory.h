/* SPDX-License-Identifier: GPL-2.0-only */
/* What the root sees of physical memory. */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include "core/cell.h"

/* What the root may do with its own memory, and how it sees that of others. */
#define MEMORY_ROOT_ACCESS (PAGING_READ | PAGING_WRITE | PAGING_EXECUTE)
#define MEMORY_ROOT_HIDDEN (1u << 31) /* reads as all ones */

/*
 * Root CPUs forget translations of memory that has changed hands; nothing is done where all have.
 * Returns a CPU that did not answer, to which it is still owed; -1: there is none.
 */
int memory_flush_root(struct cpu *self);

/*
 * What the root sees of physical memory from now on: PAGING_* bits, MEMORY_ROOT_HIDDEN, or 0 where
 * each access is to exit. Its CPUs have forgotten what they cached when this returns: tables it
 * freed may be used again, memory it took be given to others. Its devices see what it may do all
 * with, and nothing else. -ENOMEM: nothing has changed, but that memory which it is to have again
 * it may have in part; -ETIMEDOUT: a CPU or a unit does not answer, it has.
 */
int memory_set_root(struct cpu *self, uint64_t phys, uint64_t size, uint32_t access,
		    struct cellhv_call *call);

/*
 * The same in two steps, for several ranges: all of the root's CPUs know when settling has
 * succeeded. Where it has not, it is owed, and whoever settles next waits for it, too.
 */
int memory_change_root(uint64_t phys, uint64_t size, uint32_t access);
int memory_settle_root(struct cpu *self, struct cellhv_call *call);

/*
 * What the root does not own it reads as all ones, whatever instruction it reads with: one page of
 * them stands everywhere, and only writes exit. With "strict" reads exit, too. Returns as
 * paging_map() does.
 */
int memory_hide_from_root(uint64_t phys, uint64_t size);

/* Whether the root can reach what is at `phys`, in whatever way. */
bool memory_root_reaches(uint64_t phys);

/* Whether it could write there. */
bool memory_root_writes(uint64_t phys);

#endif
