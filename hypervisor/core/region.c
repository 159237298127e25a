/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/region.h"

#include "core/arch.h"
#include "core/errno.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/panic.h"
#include "core/range.h"
#include "core/window.h"

#define LOAD_MAX 65536u

bool region_owns_memory(uint64_t phys, uint64_t size)
{
	for (const struct cell *cell = cells; cell; cell = cell->next) {
		for (uint32_t i = 0; i < cell->config->memory.count; i++) {
			const struct cellhv_memory_region *region = config_memory(cell->config, i);

			if (range_overlaps(phys, size, region->phys, region->size))
				return true;
		}
	}
	return false;
}

static int region_check(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	(void)self;
	for (uint32_t i = 0; i < cell->config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(cell->config, i);

		if (!paging_can_map(&root_cell.memory, region->guest, region->size))
			return cell_refuse(call, -EINVAL, CELLHV_CHECK_CONFIG_MEMORY, i);
		if (region->phys + region->size > machine.phys_limit)
			return cell_refuse(call, -ERANGE, CELLHV_CHECK_MEMORY_RANGE, region->phys);
		if (!cell_root_may_give(region->phys, region->size))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_MEMORY_OWNED, region->phys);
	}
	return 0;
}

/* Nested page tables of the cell, with its regions; other kinds add what is theirs. */
static int region_reserve(struct cell *cell)
{
	int err;

	cell->memory = root_cell.memory;
	cell->memory.root = NULL;
	err = paging_init(&cell->memory);
	for (uint32_t i = 0; i < cell->config->memory.count && err >= 0; i++) {
		const struct cellhv_memory_region *region = config_memory(cell->config, i);

		err = paging_map(&cell->memory, region->guest, region->phys, region->size,
				 region->flags & CELLHV_MEMORY_FLAGS);
	}
	return err < 0 ? err : 0;
}

static void region_release(struct cell *cell)
{
	if (cell->memory.root)
		paging_destroy(&cell->memory);
}

/*
 * Gives the first `count` regions back to the root: all that can be, whatever becomes of one, and
 * all of them with one flush. The first error. Backwards, for tables to become what they were.
 */
static int region_return(struct cpu *self, const struct cell *cell, uint32_t count,
			 struct cellhv_call *call)
{
	int err = 0, silent;

	while (count--) {
		const struct cellhv_memory_region *region = config_memory(cell->config, count);
		int result = memory_change_root(region->phys, region->size, MEMORY_ROOT_ACCESS);

		err = err ? err : result;
	}
	silent = memory_settle_root(self, call);
	return err ? err : silent;
}

static int region_take(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < cell->config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(cell->config, i);
		int err =
			memory_set_root(self, region->phys, region->size, MEMORY_ROOT_HIDDEN, call);

		if (err) {
			/* A silent CPU leaves this region taken: give it back too. */
			region_return(self, cell, i + 1, call);
			return err;
		}
	}
	return 0;
}

static int region_give_back(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	return region_return(self, cell, cell->config->memory.count, call);
}

static uint64_t region_unclean(const struct cell *cell)
{
	uint64_t left = 0;

	for (uint32_t i = cell->scrub.region; i < cell->config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(cell->config, i);

		if (!(region->flags & CELLHV_MEMORY_DEVICE))
			left += region->size;
	}
	return left - cell->scrub.offset;
}

/* Zeroes the next page of RAM; bytes that it has, 0 where it only went to the next region. */
static uint64_t region_scrub_page(struct cpu *self, struct cell *cell)
{
	const struct cellhv_memory_region *region = config_memory(cell->config, cell->scrub.region);

	if ((region->flags & CELLHV_MEMORY_DEVICE) || cell->scrub.offset == region->size) {
		cell->scrub.region++;
		cell->scrub.offset = 0;
		return 0;
	}
	arch_clear_page(arch_window_map(self, region->phys + cell->scrub.offset));
	cell->scrub.offset += PAGE_SIZE;
	return PAGE_SIZE;
}

static uint64_t region_scrub(struct cpu *self, struct cell *cell, uint64_t bytes)
{
	uint64_t done = 0;

	while (done < bytes && cell->scrub.region < cell->config->memory.count)
		done += region_scrub_page(self, cell);
	arch_window_unmap(self);
	return done;
}

/* The cell sees each page of its region where the configuration says, and the root does not. */
static void region_verify_pages(const struct cell *cell, const struct cellhv_memory_region *region)
{
	struct paging_translation own;

	for (uint64_t offset = 0; offset < region->size; offset += PAGE_SIZE) {
		uint64_t phys = region->phys + offset;

		if (!paging_lookup(&cell->memory, region->guest + offset, &own) ||
		    own.phys != phys || own.access != (region->flags & CELLHV_MEMORY_FLAGS))
			panic("cell \"%s\" does not see its page at %llx", cell->name,
			      (unsigned long long)phys);
		if (!cell->ending && memory_root_reaches(phys))
			panic("the root sees page %llx of cell \"%s\"", (unsigned long long)phys,
			      cell->name);
	}
}

static void region_verify(void)
{
	for (const struct cell *cell = cells; cell; cell = cell->next) {
		for (uint32_t i = 0; i < cell->config->memory.count; i++) {
			const struct cellhv_memory_region *region = config_memory(cell->config, i);

			if (machine_owns(region->phys, region->size))
				panic("cell \"%s\" owns hypervisor memory", cell->name);
			region_verify_pages(cell, region);
		}
	}
}

/* Where `guest` is in the cell's RAM; false: in no region that can be loaded. */
static bool region_find(const struct cell *cell, uint64_t guest, uint64_t *phys)
{
	for (uint32_t i = 0; i < cell->config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(cell->config, i);

		if ((region->flags & CELLHV_MEMORY_DEVICE) || guest < region->guest ||
		    guest - region->guest >= region->size)
			continue;
		*phys = region->phys + (guest - region->guest);
		return true;
	}
	return false;
}

static int region_refuse(struct cellhv_call *call, uint64_t address)
{
	return cell_refuse(call, -ERANGE, CELLHV_CHECK_MEMORY_RANGE, address);
}

/* Every page of the destination is checked before the first byte is written. */
static int region_check_load(const struct cell *cell, struct cellhv_call *call)
{
	uint64_t guest = call->load.guest, end = guest + call->load.length, phys;

	if (!call->load.length || call->load.length > LOAD_MAX || end < guest)
		return region_refuse(call, guest);
	if (!cell_root_owns(call->load.phys, call->load.length))
		return region_refuse(call, call->load.phys);

	for (uint64_t page = guest & ~(PAGE_SIZE - 1); page < end; page += PAGE_SIZE)
		if (!region_find(cell, page, &phys))
			return region_refuse(call, page);
	return 0;
}

int region_load(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	uint64_t guest = call->load.guest, source = call->load.phys;
	uint32_t left = call->load.length;
	uint8_t part[256];
	int err;

	if (cell->started || cell->ending)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_STATE, cell_state(cell));
	if (!cell->initialised)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_NOT_SCRUBBED, cell->id);

	err = region_check_load(cell, call);
	if (err)
		return err;

	cell_soil(cell);
	while (left) {
		uint32_t size = left < sizeof(part) ? left : (uint32_t)sizeof(part);
		uint64_t phys;

		/* A part stays within a page of the destination. */
		if (size > PAGE_SIZE - (guest & (PAGE_SIZE - 1)))
			size = (uint32_t)(PAGE_SIZE - (guest & (PAGE_SIZE - 1)));
		if (!region_find(cell, guest, &phys))
			return region_refuse(call, guest);
		window_copy_from(self, part, source, size);
		window_copy_to(self, phys, part, size);
		guest += size;
		source += size;
		left -= size;
	}
	return 0;
}

const struct resource region_resource = {
	.check = region_check,
	.reserve = region_reserve,
	.take = region_take,
	.give_back = region_give_back,
	.release = region_release,
	.unclean = region_unclean,
	.scrub = region_scrub,
	.owns_memory = region_owns_memory,
	.verify = region_verify,
};
