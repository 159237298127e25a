/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/invariants.h"

#include "core/iommu.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/panic.h"
#include "core/resource.h"

/* Nobody has written to it. */
static void check_ones(void)
{
	const uint64_t *page = (void *)(machine.memory + (machine.ones - machine.memory_phys));

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*page); i++)
		if (page[i] != UINT64_MAX)
			panic("the page of all ones has %llx", (unsigned long long)page[i]);
}

/* The root does not reach the hypervisor's memory. */
static void check_hidden(uint64_t base, uint64_t size)
{
	for (uint64_t phys = base; phys < base + size; phys += PAGE_SIZE)
		if (memory_root_reaches(phys))
			panic("the root sees the hypervisor's page %llx", (unsigned long long)phys);
}

static void check_pool(const struct page_pool *pool)
{
	uint32_t used = 0;

	for (uint32_t page = 0; page < pool->pages; page++)
		used += (uint32_t)(pool->bitmap[page / 64] >> (page % 64) & 1);
	if (used != pool->used)
		panic("the pool counts %u pages, its bitmap has %u", pool->used, used);
}

void invariants_check(void)
{
	check_hidden(machine.memory_phys, CELLHV_MEMORY_SIZE);
	if (machine.tables_phys)
		check_hidden(machine.tables_phys, CELLHV_TABLES_SIZE);
	check_ones();
	check_pool(&machine.pool);
	check_pool(&machine.tables);
	resource_verify();
	iommu_verify();
}
