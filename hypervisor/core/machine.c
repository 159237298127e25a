/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/machine.h"

struct machine machine;
static uint64_t pool_bitmap[POOL_BITMAP_WORDS(CELLHV_MEMORY_SIZE / PAGE_SIZE)];

void machine_set_block(uint64_t phys, void *block, void *pool)
{
	uint8_t *end = (uint8_t *)block + CELLHV_MEMORY_SIZE;

	machine.memory_phys = phys;
	machine.memory = block;
	pool_init(&machine.pool, pool, (uint32_t)((uint64_t)(end - (uint8_t *)pool) / PAGE_SIZE),
		  pool_bitmap);
}

void machine_use_pool(struct paging *paging)
{
	paging->pool = &machine.pool;
	paging->virt_offset = (uint64_t)machine.memory - machine.memory_phys;
}
