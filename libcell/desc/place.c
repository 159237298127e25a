// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/place.h"

#include <errno.h>

#include "base/range.h"

#define PAGE 4096ull
#define LARGE_PAGE (2ull << 20)

static bool first_fit(const struct ranges *available, uint64_t size, uint64_t *ret)
{
	uint64_t alignment = size >= LARGE_PAGE ? LARGE_PAGE : PAGE;

	for (size_t i = 0; i < available->n; i++) {
		const struct range *range = &available->items[i];
		uint64_t start = (range->start + alignment - 1) & ~(alignment - 1);

		if (start >= range->start && start < range_end(range) &&
		    range_end(range) - start >= size) {
			*ret = start;
			return true;
		}
	}
	return false;
}

static bool is_ram(const struct desc_memory *memory)
{
	return !(memory->flags & CELLHV_MEMORY_DEVICE);
}

int place_free(const struct inventory *inventory, const struct memory *memory, const char *except,
	       struct ranges *ret)
{
	_cleanup_ranges_ struct ranges taken = {0};
	int r;

	r = memory_pool(memory, ret);
	if (r < 0)
		return r;

	r = inventory_memory(inventory, except, &taken);
	for (size_t i = 0; r == 0 && i < taken.n; i++)
		r = ranges_remove(ret, taken.items[i].start, taken.items[i].size);
	if (r < 0)
		ranges_clear(ret);
	return r;
}

/* What this cell may be given: all of that without its own pinned regions. */
static int available_memory(const cell_desc *desc, const struct inventory *inventory,
			    const struct memory *memory, struct ranges *ret)
{
	int r;

	r = place_free(inventory, memory, desc->name, ret);
	for (size_t i = 0; r == 0 && i < desc->n_memory; i++)
		if (desc->memory[i].pinned)
			r = ranges_remove(ret, desc->memory[i].phys, desc->memory[i].size);
	for (size_t i = 0; r == 0 && i < desc->n_links; i++)
		if (link_gives(&desc->links[i].end, LINK_PHYS))
			r = ranges_remove(ret, desc->links[i].resolved.shared.phys,
					  cellhv_link_size(&desc->links[i].resolved.shared));
	return r;
}

/* The same as try_place() for links; those that exist are where they are. */
static int try_place_links(const cell_desc *desc, struct ranges *available, struct place *place)
{
	for (size_t i = 0; i < desc->n_links; i++) {
		const struct cellhv_link_shared *link = &desc->links[i].resolved.shared;
		int r;

		place->link_phys[i] = link->phys;
		if (link->phys)
			continue;
		if (!first_fit(available, cellhv_link_size(link), &place->link_phys[i]))
			return 0;

		r = ranges_remove(available, place->link_phys[i], cellhv_link_size(link));
		if (r < 0)
			return r;
	}
	return 1;
}

/* 1: all fit; 0: not all. */
static int try_place(const cell_desc *desc, const struct inventory *inventory,
		     const struct memory *memory, struct place *place)
{
	_cleanup_ranges_ struct ranges available = {0};
	int r;

	r = available_memory(desc, inventory, memory, &available);
	for (size_t i = 0; r == 0 && i < desc->n_memory; i++) {
		const struct desc_memory *region = &desc->memory[i];

		if (region->pinned) {
			place->phys[i] = region->phys;
			continue;
		}
		if (!first_fit(&available, region->size, &place->phys[i]))
			return 0;

		r = ranges_remove(&available, place->phys[i], region->size);
	}
	return r < 0 ? r : try_place_links(desc, &available, place);
}

/* Blocks under pinned RAM have to be those very ones. */
static int take_range(struct memory *memory, uint64_t start, uint64_t size, place_take_fn take,
		      void *userdata)
{
	for (uint64_t at = start; at < start + size;
	     at = (at / memory->block_size + 1) * memory->block_size) {
		struct memory_block *block = memory_block_at(memory, at);
		int r;

		if (!block || block->ours || ranges_touch(&memory->reserved, at, 1))
			continue;
		if (!block->online || !block->removable)
			return -ENOSPC;

		r = take(userdata, block);
		if (r < 0)
			return r == -ENOMEM ? r : -ENOSPC;
	}
	return 0;
}

static int take_pinned(const cell_desc *desc, struct memory *memory, place_take_fn take,
		       void *userdata)
{
	int r = 0;

	if (!memory->block_size)
		return 0;

	for (size_t i = 0; i < desc->n_memory && r == 0; i++) {
		const struct desc_memory *region = &desc->memory[i];

		if (region->pinned && is_ram(region))
			r = take_range(memory, region->phys, region->size, take, userdata);
	}
	for (size_t i = 0; i < desc->n_links && r == 0; i++) {
		const struct cellhv_link_shared *link = &desc->links[i].resolved.shared;

		if (link_gives(&desc->links[i].end, LINK_PHYS))
			r = take_range(memory, link->phys, cellhv_link_size(link), take, userdata);
	}
	return r;
}

int place_desc(const cell_desc *desc, const struct inventory *inventory, struct memory *memory,
	       place_take_fn take, void *userdata, struct place *ret)
{
	struct place place = {0};
	int r;

	r = take_pinned(desc, memory, take, userdata);
	if (r < 0)
		return r;

	while ((r = try_place(desc, inventory, memory, &place)) == 0) {
		struct memory_block *block = memory_next_block(memory);

		if (!block)
			return -ENOSPC;

		/* A block that will not go is no candidate any more; the next may. */
		if (take(userdata, block) < 0)
			block->removable = false;
	}
	if (r < 0)
		return r;

	*ret = place;
	return 0;
}

int place_assume(void *userdata, struct memory_block *block)
{
	(void)userdata;
	block->online = false;
	block->ours = true;
	return 0;
}
