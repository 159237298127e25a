/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
#include "core/config_link.h"

#include <stdbool.h>

#include <cellhv/manage.h>

#include "core/errno.h"
#include "core/range.h"

#define PAGE_MASK 0xfffull
#define SECTION_MAX (1ull << 40) /* so that the sum of all cannot wrap around */

static bool is_page_range(uint64_t address, uint64_t size)
{
	return size && !((address | size) & PAGE_MASK) && size <= UINT64_MAX - address;
}

/* What the protocol says; version 1 leaves little to choose. */
static bool protocol_is_valid(const struct cellhv_link_shared *link)
{
	if (link->protocol == 1)
		return link->common_size && !link->output_size && link->max_peers == 2 &&
		       link->vectors == 1 && link->variant <= CELLHV_LINK_VARIANT_STATES &&
		       (link->variant || !link->class_protocol);

	return link->protocol == 2 && !link->variant && link->max_peers >= 2 &&
	       link->max_peers <= CELLHV_LINK_PEERS && link->vectors >= 1 &&
	       link->vectors <= CELLHV_LINK_VECTORS;
}

static bool root_is_valid(const struct cellhv_link_shared *link, uint16_t id)
{
	if (!(link->flags & CELLHV_LINK_ROOT))
		return !link->root_id && !link->root_function;
	return link->root_id < link->max_peers && link->root_id != id;
}

static bool link_is_valid(const struct cellhv_link *link)
{
	const struct cellhv_link_shared *shared = &link->shared;

	return config_name_is_valid(shared->name) && protocol_is_valid(shared) &&
	       shared->common_size <= SECTION_MAX && shared->output_size <= SECTION_MAX &&
	       is_page_range(shared->phys, cellhv_link_size(shared)) &&
	       is_page_range(link->guest, cellhv_link_size(shared)) &&
	       !(shared->output_size & PAGE_MASK) && !(shared->common_size & PAGE_MASK) &&
	       !(shared->flags & ~CELLHV_LINK_FLAGS) && root_is_valid(shared, link->id) &&
	       link->id < shared->max_peers && !link->reserved;
}

static bool names_equal(const char *name, const char *other)
{
	for (unsigned i = 0; i < CELLHV_NAME_SIZE; i++)
		if (name[i] != other[i])
			return false;
	return true;
}

/* Two links of one cell have nothing in common. */
static bool links_conflict(const struct cellhv_link *link, const struct cellhv_link *other)
{
	uint64_t size = cellhv_link_size(&link->shared);
	uint64_t other_size = cellhv_link_size(&other->shared);

	return names_equal(link->shared.name, other->shared.name) ||
	       link->function == other->function ||
	       range_overlaps(link->shared.phys, size, other->shared.phys, other_size) ||
	       range_overlaps(link->guest, size, other->guest, other_size) ||
	       (link->shared.flags & other->shared.flags & CELLHV_LINK_ROOT &&
		link->shared.root_function == other->shared.root_function);
}

static bool meets_memory(const struct cellhv_cell_config *config, const struct cellhv_link *link)
{
	uint64_t size = cellhv_link_size(&link->shared);

	for (uint32_t i = 0; i < config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(config, i);

		if (range_overlaps(link->shared.phys, size, region->phys, region->size) ||
		    range_overlaps(link->guest, size, region->guest, region->size))
			return true;
	}
	return range_overlaps(link->guest, size, config->comm_address, PAGE_MASK + 1);
}

int config_validate_links(const struct cellhv_cell_config *config, struct config_error *error)
{
	for (uint32_t i = 0; i < config->links.count; i++) {
		const struct cellhv_link *link = config_link(config, i);
		bool valid = link_is_valid(link) && !meets_memory(config, link);

		for (uint32_t other = 0; valid && other < i; other++)
			valid = !links_conflict(link, config_link(config, other));
		if (!valid) {
			*error = (struct config_error){CELLHV_CHECK_CONFIG_LINK, i};
			return -EINVAL;
		}
	}
	return 0;
}
