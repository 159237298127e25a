/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/machine.h"

#include "core/range.h"

struct machine machine;
static uint64_t pool_bitmap[POOL_BITMAP_WORDS(CELLHV_MEMORY_SIZE / PAGE_SIZE)];
static uint64_t tables_bitmap[POOL_BITMAP_WORDS(CELLHV_TABLES_SIZE / PAGE_SIZE)];

void machine_set_block(uint64_t phys, void *block, void *pool)
{
	uint8_t *end = (uint8_t *)block + CELLHV_MEMORY_SIZE;

	machine.memory_phys = phys;
	machine.memory = block;
	pool_init(&machine.pool, pool, (uint32_t)((uint64_t)(end - (uint8_t *)pool) / PAGE_SIZE),
		  pool_bitmap);
}

void machine_set_tables(uint64_t phys, void *block)
{
	machine.tables_phys = phys;
	pool_init(&machine.tables, block, phys ? (uint32_t)(CELLHV_TABLES_SIZE / PAGE_SIZE) : 0,
		  tables_bitmap);
}

bool machine_owns(uint64_t phys, uint64_t size)
{
	return range_overlaps(phys, size, machine.memory_phys, CELLHV_MEMORY_SIZE) ||
	       (machine.tables_phys &&
		range_overlaps(phys, size, machine.tables_phys, CELLHV_TABLES_SIZE));
}

void machine_use_pool(struct paging *paging)
{
	paging->pool = &machine.pool;
	paging->virt_offset = (uint64_t)machine.memory - machine.memory_phys;
}

void machine_use_tables(struct paging *paging)
{
	paging->pool = &machine.tables;
	paging->virt_offset = (uint64_t)machine.tables.base - machine.tables_phys;
}
