// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/inventory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/blob.h"
#include "base/cleanup.h"
#include "driver/driver.h"

int inventory_config(cell_context *context, int fd, const struct cellhv_cell_info *info,
		     struct cellhv_cell_config **ret)
{
	_cleanup_free_ struct cellhv_cell_config *config = NULL;
	struct cellhv_cell_read_config request = {
		.size = sizeof(request), .id = info->id, .length = info->config_size};
	size_t size;
	int r;

	if (info->config_size < sizeof(*config) || info->config_size > CELLHV_CONFIG_MAX_SIZE)
		return context_fail(context, -EPROTO, "AbiMismatch",
				    "The module returned a configuration of %u bytes: install "
				    "module and library from the same build.",
				    info->config_size);

	config = calloc(1, info->config_size);
	if (!config)
		return context_oom(context);

	request.buffer = (uintptr_t)config;
	r = driver_call(context, fd, CELLHV_IOC_CELL_CONFIG, &request, NULL,
			"read a cell's configuration");
	if (r < 0)
		return r;
	r = blob_read(config, request.length, ret, &size);
	if (r == -ENOMEM)
		return context_oom(context);
	if (r < 0)
		return context_fail(context, -EPROTO, "AbiMismatch",
				    "The module returned a configuration this library cannot read: "
				    "install both from the same build.");
	return 0;
}

static int add_cell(cell_context *context, int fd, const struct cellhv_cell_info *info,
		    struct inventory *inventory)
{
	struct inventory_cell *cells =
		reallocarray(inventory->cells, inventory->n + 1, sizeof(*cells));
	struct inventory_cell *cell;
	int r;

	if (!cells)
		return context_oom(context);

	inventory->cells = cells;
	cell = &cells[inventory->n];
	*cell = (struct inventory_cell){.info = *info};
	cell->info.name[CELLHV_NAME_SIZE - 1] = '\0';
	memcpy(cell->cpus.bits, info->cpus, sizeof(cell->cpus.bits));
	r = inventory_config(context, fd, &cell->info, &cell->config);
	if (r < 0)
		return r;

	inventory->n++;
	return 0;
}

int inventory_read(cell_context *context, int fd, struct inventory *ret)
{
	struct inventory inventory = {0};
	uint32_t id = 0;

	while (fd >= 0) {
		struct cellhv_cell_info info = {
			.size = sizeof(info), .id = id, .flags = CELLHV_CELL_NEXT};
		int r = driver_try(context, fd, CELLHV_IOC_CELL_INFO, &info);

		if (r == -ENOENT)
			break;
		if (r < 0)
			r = context_fail(context, r, "Failed", "Cannot list the cells: %s.",
					 strerror(-r));
		else
			r = add_cell(context, fd, &info, &inventory);
		if (r < 0) {
			inventory_clear(&inventory);
			return r;
		}
		id = info.id;
	}
	*ret = inventory;
	return 0;
}

void inventory_clear(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n; i++)
		free(inventory->cells[i].config);
	free(inventory->cells);
	*inventory = (struct inventory){0};
}

/* I/O ports are below, memory of devices never is. */
static bool is_ports(const struct cellhv_bar *bar)
{
	return bar->phys + bar->size <= 65536;
}

static const struct cellhv_bar *bar_at(const struct cellhv_cell_config *config, uint32_t index)
{
	return &blob_functions(config)[index / CELLHV_FUNCTION_BARS]
			.bars[index % CELLHV_FUNCTION_BARS];
}

/* Regions, links, and then BARs: the memory of the next one, which may be none; false: there are
 * no more. */
static bool next_memory(const struct cellhv_cell_config *config, uint32_t index, struct range *ret)
{
	const struct cellhv_link_shared *link;
	const struct cellhv_bar *bar;

	if (index < config->memory.count) {
		const struct cellhv_memory_region *region = &blob_memory(config)[index];

		*ret = (struct range){region->phys, region->size};
		return true;
	}
	index -= config->memory.count;
	if (index < config->links.count) {
		link = &blob_links(config)[index].shared;
		*ret = (struct range){link->phys, cellhv_link_size(link)};
		return true;
	}
	index -= config->links.count;
	if (index >= config->functions.count * CELLHV_FUNCTION_BARS)
		return false;
	bar = bar_at(config, index);
	*ret = (struct range){0};
	if (!is_ports(bar))
		*ret = (struct range){bar->phys, bar->size};
	return true;
}

int inventory_memory(const struct inventory *inventory, const char *except, struct ranges *ret)
{
	_cleanup_ranges_ struct ranges set = {0};

	for (size_t i = 0; i < inventory->n; i++) {
		const struct inventory_cell *cell = &inventory->cells[i];
		struct range memory;

		if (except && strcmp(cell->info.name, except) == 0)
			continue;

		for (uint32_t j = 0; next_memory(cell->config, j, &memory); j++) {
			int r = ranges_add(&set, memory.start, memory.size);

			if (r < 0)
				return r;
		}
	}
	*ret = set;
	set = (struct ranges){0};
	return 0;
}

const struct inventory_cell *inventory_by_cpu(const struct inventory *inventory, uint32_t cpu)
{
	for (size_t i = 0; i < inventory->n; i++)
		if (cpuset_has(&inventory->cells[i].cpus, cpu))
			return &inventory->cells[i];
	return NULL;
}

const struct inventory_cell *inventory_by_memory(const struct inventory *inventory, uint64_t phys,
						 uint64_t size)
{
	for (size_t i = 0; i < inventory->n; i++) {
		struct range memory;

		for (uint32_t j = 0; next_memory(inventory->cells[i].config, j, &memory); j++)
			if (range_overlaps(memory.start, memory.size, phys, size))
				return &inventory->cells[i];
	}
	return NULL;
}

const struct inventory_cell *inventory_by_ports(const struct inventory *inventory, uint32_t base,
						uint32_t count)
{
	for (size_t i = 0; i < inventory->n; i++) {
		const struct cellhv_cell_config *config = inventory->cells[i].config;
		const struct cellhv_port_range *ports = blob_ports(config);

		for (uint32_t j = 0; j < config->ports.count; j++)
			if (range_overlaps(ports[j].base, ports[j].count, base, count))
				return &inventory->cells[i];
		for (uint32_t j = 0; j < config->functions.count * CELLHV_FUNCTION_BARS; j++)
			if (is_ports(bar_at(config, j)) &&
			    range_overlaps(bar_at(config, j)->phys, bar_at(config, j)->size, base,
					   count))
				return &inventory->cells[i];
	}
	return NULL;
}

const struct inventory_cell *inventory_by_function(const struct inventory *inventory,
						   uint32_t address,
						   const struct cellhv_function **ret)
{
	for (size_t i = 0; i < inventory->n; i++) {
		const struct cellhv_cell_config *config = inventory->cells[i].config;

		for (uint32_t j = 0; j < config->functions.count; j++)
			if (blob_functions(config)[j].address == address) {
				*ret = &blob_functions(config)[j];
				return &inventory->cells[i];
			}
	}
	return NULL;
}

const struct inventory_cell *inventory_by_pin(const struct inventory *inventory, uint64_t ioapic,
					      uint32_t pin)
{
	for (size_t i = 0; i < inventory->n; i++) {
		const struct cellhv_cell_config *config = inventory->cells[i].config;

		for (uint32_t j = 0; j < config->pins.count; j++)
			if (blob_pins(config)[j].ioapic == ioapic &&
			    blob_pins(config)[j].pin == pin)
				return &inventory->cells[i];
	}
	return NULL;
}
