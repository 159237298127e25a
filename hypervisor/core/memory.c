/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/memory.h"

#include "core/arch.h"
#include "core/errno.h"
#include "core/link.h"
#include "core/machine.h"
#include "core/window.h"

/* One call keeps its CPU for this much at most. */
#define SCRUB_STEP (2ull << 20)
#define LOAD_MAX 65536u

bool memory_flush_root(struct cpu *self, uint32_t *silent)
{
	arch_flush(self);
	for (uint32_t i = 0; i < num_cpus; i++) {
		struct cpu *cpu = cpu_by_number(i);

		if (cpu && cpu != self && cell_is_root(cpu->cell))
			cpu_request(cpu, CPU_REQUEST_FLUSH);
	}
	for (uint32_t i = 0; i < num_cpus; i++) {
		struct cpu *cpu = cpu_by_number(i);

		if (cpu && cpu != self && !cpu_await(cpu, CPU_REQUEST_FLUSH)) {
			*silent = i;
			return false;
		}
	}
	pool_reclaim(&machine.pool);
	return true;
}

int memory_hide_from_root(uint64_t phys, uint64_t size)
{
	struct paging *root = &root_cell.memory;

	return machine.system.flags & CELLHV_SYSTEM_STRICT ? paging_unmap(root, phys, size)
							   : paging_fill(root, phys, size);
}

bool memory_root_reaches(uint64_t phys)
{
	struct paging_translation found;

	return paging_lookup(&root_cell.memory, phys, &found) &&
	       (found.phys & ~(PAGE_SIZE - 1)) != machine.ones;
}

/* With all rights it is what Linux found, registers or RAM; with fewer, RAM. */
static int memory_change_root(uint64_t phys, uint64_t size, uint32_t access)
{
	struct paging *root = &root_cell.memory;

	if (access == MEMORY_ROOT_ACCESS)
		return arch_map_root(phys, size);
	if (access == MEMORY_ROOT_HIDDEN)
		return memory_hide_from_root(phys, size);
	return access ? paging_map(root, phys, phys, size, access) : paging_unmap(root, phys, size);
}

int memory_set_root(struct cpu *self, uint64_t phys, uint64_t size, uint32_t access,
		    struct cellhv_call *call)
{
	int changed = memory_change_root(phys, size, access);
	uint32_t silent;

	if (changed < 0)
		return changed;
	if (changed && !memory_flush_root(self, &silent))
		return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, silent);
	return 0;
}

static uint64_t memory_left(const struct cell *cell)
{
	uint64_t left = 0;

	for (uint32_t i = cell->scrub.region; i < cell->config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(cell->config, i);

		if (!(region->flags & CELLHV_MEMORY_DEVICE))
			left += region->size;
	}
	return left - cell->scrub.offset + link_unclean(cell);
}

/* Zeroes one page, or goes to the next region; after the last one come links. */
static void memory_scrub_page(struct cpu *self, struct cell *cell)
{
	const struct cellhv_memory_region *region;

	if (cell->scrub.region == cell->config->memory.count) {
		link_scrub_page(self, cell);
		return;
	}
	region = config_memory(cell->config, cell->scrub.region);
	if ((region->flags & CELLHV_MEMORY_DEVICE) || cell->scrub.offset == region->size) {
		cell->scrub.region++;
		cell->scrub.offset = 0;
		return;
	}
	arch_clear_page(arch_window_map(self, region->phys + cell->scrub.offset));
	cell->scrub.offset += PAGE_SIZE;
}

int memory_scrub(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	if (cell->started)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_STATE, cell_state(cell));

	for (uint64_t done = 0; done < SCRUB_STEP; done += PAGE_SIZE) {
		if (cell->scrub.region == cell->config->memory.count && !link_unclean(cell))
			break;
		memory_scrub_page(self, cell);
	}
	arch_window_unmap(self);

	call->scrub.remaining = memory_left(cell);
	if (!call->scrub.remaining) {
		cell->scrubbed = true;
		cell->initialised = true;
	}
	return 0;
}

/* Where `guest` is in the cell's RAM; false: in no region that can be loaded. */
static bool memory_find(const struct cell *cell, uint64_t guest, uint64_t *phys)
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

static int memory_refuse(struct cellhv_call *call, uint64_t address)
{
	return cell_refuse(call, -ERANGE, CELLHV_CHECK_MEMORY_RANGE, address);
}

/* Every page of the destination is checked before the first byte is written. */
static int memory_check_load(const struct cell *cell, struct cellhv_call *call)
{
	uint64_t guest = call->load.guest, end = guest + call->load.length, phys;

	if (!call->load.length || call->load.length > LOAD_MAX || end < guest)
		return memory_refuse(call, guest);
	if (!cell_root_owns(call->load.phys, call->load.length))
		return memory_refuse(call, call->load.phys);

	for (uint64_t page = guest & ~(PAGE_SIZE - 1); page < end; page += PAGE_SIZE)
		if (!memory_find(cell, page, &phys))
			return memory_refuse(call, page);
	return 0;
}

int memory_load(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	uint64_t guest = call->load.guest, source = call->load.phys;
	uint32_t left = call->load.length;
	uint8_t part[256];
	int err;

	if (cell->started)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_STATE, cell_state(cell));
	if (!cell->initialised)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_NOT_SCRUBBED, cell->id);

	err = memory_check_load(cell, call);
	if (err)
		return err;

	cell_soil(cell);
	while (left) {
		uint32_t size = left < sizeof(part) ? left : (uint32_t)sizeof(part);
		uint64_t phys;

		/* A part stays within a page of the destination. */
		if (size > PAGE_SIZE - (guest & (PAGE_SIZE - 1)))
			size = (uint32_t)(PAGE_SIZE - (guest & (PAGE_SIZE - 1)));
		if (!memory_find(cell, guest, &phys))
			return memory_refuse(call, guest);
		window_copy_from(self, part, source, size);
		window_copy_to(self, phys, part, size);
		guest += size;
		source += size;
		left -= size;
	}
	return 0;
}
