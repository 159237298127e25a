/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine, as far as it does not depend on the architecture, and the hypervisor's own memory.
 * The architecture fills it in while the first CPU enters; nothing of it changes after that but
 * the pool.
 */
#ifndef CORE_MACHINE_H
#define CORE_MACHINE_H

#include <stdbool.h>

#include <cellhv/launch.h>

#include "core/paging.h"
#include "core/pool.h"

struct machine {
	union {
		struct cellhv_system_config system; /* valid, its sections behind it */
		uint64_t system_words[CELLHV_SYSTEM_MAX_SIZE / 8];
	};
	struct page_pool pool;
	uint64_t memory_phys;	 /* CELLHV_MEMORY_SIZE bytes of ours */
	uint8_t *memory;	 /* where we see them */
	struct page_pool tables; /* of IOMMUs: another block, or no pages */
	uint64_t tables_phys;	 /* CELLHV_TABLES_SIZE bytes of ours; 0: none */
	uint64_t phys_limit;	 /* first address the CPUs cannot form */
	uint64_t ones;		 /* page that the root reads where it owns nothing */
	uint32_t num_cpus;	 /* that Linux runs on, and that enter one after another */
	uint32_t ticks_per_ms;	 /* of arch_ticks() */
	uint16_t architecture;	 /* CELLHV_ARCH_*, of all configurations */
	char version[32];
};

extern struct machine machine;

/* Where the hypervisor's block is; from `pool`, an address in it, to its end it is the pool. */
void machine_set_block(uint64_t phys, void *block, void *pool);

/* The same of the block for tables of IOMMUs, all of which is a pool; not touched yet. */
void machine_set_tables(uint64_t phys, void *block);

/* Whether some of this physical memory is the hypervisor's. */
bool machine_owns(uint64_t phys, uint64_t size);

/* These page tables are made of pages of the pool; of the one for IOMMUs. */
void machine_use_pool(struct paging *paging);
void machine_use_tables(struct paging *paging);

/* Physical address of something in the hypervisor's block. */
static inline uint64_t machine_phys(const void *address)
{
	return (uint64_t)((const uint8_t *)address - machine.memory) + machine.memory_phys;
}

/* The same in the block for tables of IOMMUs. */
static inline uint64_t machine_tables_phys(const void *address)
{
	return (uint64_t)((const uint8_t *)address - machine.tables.base) + machine.tables_phys;
}

#endif
