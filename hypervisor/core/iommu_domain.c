/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/iommu_domain.h"

#include "core/arch.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/link.h"
#include "core/machine.h"
#include "core/panic.h"
#include "core/print.h"
#include "core/range.h"
#include "core/resource.h"

#define HUGE_SIZE (1ull << 30)
#define LOW_MEMORY (4ull << 30)

/* Tables for more than this would take more than half of their block. */
#define REACH_MAX (1ull << 46)

#define DMA_ACCESS (PAGING_READ | PAGING_WRITE)

struct iommu_domain iommu_root_domain;
bool iommu_flush_owed;

/* The n-th range that devices never reach. false: there are no more. */
static bool hole(unsigned n, uint64_t *phys, uint64_t *size)
{
	if (n < 2) {
		*phys = n ? machine.tables_phys : machine.memory_phys;
		*size = n ? CELLHV_TABLES_SIZE : CELLHV_MEMORY_SIZE;
		return true;
	}
	n -= 2;
	if (n >= machine.system.iommus.count)
		return arch_no_dma(n - machine.system.iommus.count, phys, size);
	*phys = config_iommu(&machine.system, n)->base;
	*size = config_iommu(&machine.system, n)->size;
	return true;
}

bool iommu_forbids(uint64_t phys, uint64_t size)
{
	uint64_t base, length;

	for (unsigned n = 0; hole(n, &base, &length); n++)
		if (length && range_overlaps(phys, size, base, length))
			return true;
	return resource_owns_memory(phys, size);
}

/* The first address from `at` that is in no hole; *stop: where the next one begins, or `end`. */
static uint64_t next_part(uint64_t at, uint64_t end, uint64_t *stop)
{
	uint64_t phys, size;
	unsigned n = 0;

	while (hole(n, &phys, &size)) {
		bool inside = at >= phys && at - phys < size;

		at = inside ? phys + size : at;
		n = inside ? 0 : n + 1;
	}
	*stop = end;
	for (n = 0; hole(n, &phys, &size); n++)
		if (size && phys > at && phys < *stop)
			*stop = phys;
	return at;
}

static uint64_t reach(const struct paging *tables)
{
	uint64_t end = 1ull << (PAGE_SHIFT + 9 * tables->levels);

	end = end < REACH_MAX ? end : REACH_MAX;
	return end < machine.phys_limit ? end : machine.phys_limit;
}

/* As paging_map(); what has been mapped of it stays so. */
static int show(uint64_t phys, uint64_t size)
{
	struct paging *tables = &iommu_root_domain.tables;
	uint64_t limit = reach(tables), end = phys + size, stop;
	int changed = 0;

	end = end < limit ? end : limit;
	for (uint64_t at = phys; at < end; at = stop) {
		int result = 0;

		at = next_part(at, end, &stop);
		if (at < end)
			result = paging_map(tables, at, at, stop - at, DMA_ACCESS);
		if (result < 0)
			return result;
		changed |= result;
	}
	return changed;
}

static int hide(uint64_t phys, uint64_t size)
{
	struct paging *tables = &iommu_root_domain.tables;
	uint64_t limit = reach(tables);

	if (phys >= limit)
		return 0;
	return paging_unmap(tables, phys, size < limit - phys ? size : limit - phys);
}

int iommu_change_root(uint64_t phys, uint64_t size, bool visible)
{
	int changed;

	if (!iommu_root_domain.tables.root)
		return 0;
	changed = visible ? show(phys, size) : hide(phys, size);
	/* Also where nothing was there before: a unit may have to be told. */
	iommu_flush_owed |= changed >= 0;
	return changed < 0 ? changed : 0;
}

int iommu_domain_build(const struct paging *tables)
{
	uint64_t top = (machine.system.memory_top + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1);
	int err;

	if (machine.system.memory_top > reach(tables))
		return -ERANGE;

	iommu_root_domain.tables = *tables;
	iommu_root_domain.id = IOMMU_ROOT_DOMAIN;
	machine_use_tables(&iommu_root_domain.tables);
	err = paging_init(&iommu_root_domain.tables);
	if (err)
		return err;
	/* Without large pages that is RAM, and what the root uses later (memory_change_root). */
	if (tables->huge_1g)
		top = UINT64_MAX;
	err = show(0, top > LOW_MEMORY ? top : LOW_MEMORY);
	return err < 0 ? err : 0;
}

void iommu_domain_destroy(struct iommu_domain *domain)
{
	paging_destroy(&domain->tables);
	domain->id = 0;
}

static bool id_is_used(uint16_t id)
{
	for (const struct cell *cell = cells; cell; cell = cell->next)
		if (cell->dma.tables.root && cell->dma.id == id)
			return true;
	return false;
}

/* 0: all are used. */
static uint16_t free_id(void)
{
	for (uint16_t id = IOMMU_ROOT_DOMAIN + 1; id < IOMMU_DOMAINS; id++)
		if (!id_is_used(id))
			return id;
	return 0;
}

/* What no unit can translate no function reaches. */
static int domain_map_part(struct cell *cell, uint64_t guest, uint64_t phys, uint64_t size,
			   uint32_t access)
{
	int err;

	if (!size)
		return 0;
	if (!paging_can_map(&cell->dma.tables, guest, size)) {
		print("Functions of cell \"%s\" do not reach %llx\n", cell->config->name,
		      (unsigned long long)guest);
		return 0;
	}
	err = paging_map(&cell->dma.tables, guest, phys, size, access & DMA_ACCESS);
	return err < 0 ? err : 0;
}

/* What a device writes where messages go is one, whatever the guest has there. */
static int domain_map(struct cell *cell, uint64_t guest, uint64_t phys, uint64_t size,
		      uint32_t access)
{
	uint64_t messages, length, before, after;
	int err;

	arch_no_dma(0, &messages, &length);
	before = guest < messages ? messages - guest : 0;
	before = before < size ? before : size;
	after = guest < messages + length ? messages + length - guest : 0;
	after = after < size ? after : size;
	err = domain_map_part(cell, guest, phys, before, access);
	return err ? err : domain_map_part(cell, guest + after, phys + after, size - after, access);
}

static int domain_map_regions(struct cell *cell)
{
	int err = 0;

	for (uint32_t i = 0; i < cell->config->memory.count && !err; i++) {
		const struct cellhv_memory_region *region = config_memory(cell->config, i);

		if (!(region->flags & CELLHV_MEMORY_DEVICE))
			err = domain_map(cell, region->guest, region->phys, region->size,
					 region->flags);
	}
	return err;
}

static int domain_map_links(struct cell *cell)
{
	int err = 0;

	for (uint32_t i = 0; i < cell->config->links.count; i++) {
		const struct cellhv_link *wanted = config_link(cell->config, i);
		const struct link *link = cell->links[i]->link;
		struct link_section section;

		for (unsigned n = 0; !err && link_section(link, n, wanted->id, &section); n++)
			err = domain_map(cell, wanted->guest + section.offset,
					 link->shared.phys + section.offset, section.size,
					 section.access);
	}
	return err;
}

int iommu_make_domain(struct cell *cell)
{
	int err;

	if (!iommu_root_domain.tables.root)
		return 0;

	cell->dma.id = free_id();
	cell->dma.tables = iommu_root_domain.tables;
	cell->dma.tables.root = NULL;
	err = cell->dma.id ? paging_init(&cell->dma.tables) : -ENOMEM;
	if (!err)
		err = domain_map_regions(cell);
	if (!err)
		err = domain_map_links(cell);
	if (err)
		iommu_free_domain(cell);
	return err;
}

/* Who is stuck may not have forgotten it: then it is retired, until all are given back. */
void iommu_free_domain(struct cell *cell)
{
	struct cellhv_call call = {0};

	if (!cell->dma.tables.root)
		return;
	iommu_forget_cell(arch_self(), cell);
	if (iommu_check_stuck(&call))
		paging_retire(&cell->dma.tables);
	iommu_domain_destroy(&cell->dma);
}

static void verify_hidden(uint64_t base, uint64_t size, const char *whose)
{
	struct paging_translation found;

	for (uint64_t phys = base; phys < base + size; phys += PAGE_SIZE)
		if (paging_lookup(&iommu_root_domain.tables, phys, &found))
			panic("devices of the root reach page %llx of %s", (unsigned long long)phys,
			      whose);
}

static void verify_cell(const struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->memory.count; i++)
		verify_hidden(config_memory(cell->config, i)->phys,
			      config_memory(cell->config, i)->size, cell->name);
	for (uint32_t i = 0; i < cell->config->links.count; i++)
		verify_hidden(config_link(cell->config, i)->shared.phys,
			      cellhv_link_size(&config_link(cell->config, i)->shared), cell->name);
}

void iommu_verify(void)
{
	uint64_t phys, size;

	if (!iommu_root_domain.tables.root)
		return;
	for (unsigned n = 0; hole(n, &phys, &size); n++)
		verify_hidden(phys, size ? PAGE_SIZE : 0, "nobody's");
	for (const struct cell *cell = cells; cell; cell = cell->next)
		if (!cell->ending)
			verify_cell(cell);
}
