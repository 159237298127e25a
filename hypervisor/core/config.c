/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
#include "core/config.h"

#include <cellhv/guest.h>
#include <cellhv/manage.h>

#include "core/config_device.h"
#include "core/config_format.h"
#include "core/config_link.h"
#include "core/errno.h"
#include "core/range.h"

#define PAGE_MASK 0xfffull
#define MAX_PORTS 65536u
#define PCI_PORTS 0xcf8u
#define PCI_PORTS_COUNT 8u

#define CELL(field) offsetof(struct cellhv_cell_config, field)

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Bytes of the name; CELLHV_NAME_SIZE: no end. */
static size_t name_length(const char *name)
{
	size_t length = 0;

	while (length < CELLHV_NAME_SIZE &&
	       (is_alphanumeric(name[length]) ||
		(length && (name[length] == '.' || name[length] == '_' || name[length] == '-'))))
		length++;
	return length;
}

static int check_name(const char *name, struct config_error *error)
{
	size_t length = name_length(name);

	if (length == 0 || length == CELLHV_NAME_SIZE)
		return config_fail(error, CELLHV_CHECK_CONFIG_NAME, length);

	for (size_t i = length; i < CELLHV_NAME_SIZE; i++)
		if (name[i])
			return config_fail(error, CELLHV_CHECK_CONFIG_NAME, i);
	return 0;
}

bool config_name_is_valid(const char *name)
{
	struct config_error error;

	return !check_name(name, &error);
}

static int check_fields(const struct cellhv_cell_config *config, struct config_error *error)
{
	const uint16_t console_flags = CELLHV_CONSOLE_FLAG_MMIO | CELLHV_CONSOLE_FLAG_DISTANCE_4;

	if (config->flags & ~CELLHV_CELL_FLAGS)
		return config_fail_format(error, CELL(flags));

	if (config->comm_revision > CELLHV_COMM_REVISION &&
	    config->comm_revision != CELLHV_COMM_LEGACY)
		return config_fail_format(error, CELL(comm_revision));

	if (config->reserved)
		return config_fail_format(error, CELL(reserved));

	if (config->console.type > CELLHV_CONSOLE_8250)
		return config_fail_format(error, CELL(console.type));

	if (config->console.flags & ~console_flags)
		return config_fail_format(error, CELL(console.flags));

	if (config->entry > UINT32_MAX)
		return config_fail(error, CELLHV_CHECK_CONFIG_ENTRY, config->entry);

	return 0;
}

/* The sections of a cell, where they are and what they may hold. */
static const struct config_rule rules[] = {
	{CELL(memory), sizeof(struct cellhv_memory_region), CELLHV_MAX_MEMORY_REGIONS},
	{CELL(cpus), sizeof(uint32_t), CELLHV_MAX_CPUS},
	{CELL(ports), sizeof(struct cellhv_port_range), CELLHV_MAX_PORT_RANGES},
	{CELL(links), sizeof(struct cellhv_link), CELLHV_MAX_LINKS},
	{CELL(functions), sizeof(struct cellhv_function), CELLHV_MAX_FUNCTIONS},
	{CELL(pins), sizeof(struct cellhv_pin), CELLHV_MAX_PINS},
};
static const struct config_kind cell_kind = {
	.type = CELLHV_CONFIG_CELL,
	.fixed_size = sizeof(struct cellhv_cell_config),
	.max_size = CELLHV_CONFIG_MAX_SIZE,
	.rules = rules,
	.num_rules = sizeof(rules) / sizeof(rules[0]),
};

/* The end may not be 2^64 either, so that address + size is always a number. */
static bool is_page_range(uint64_t address, uint64_t size)
{
	return size && !((address | size) & PAGE_MASK) && size <= UINT64_MAX - address;
}

static int check_memory(const struct cellhv_cell_config *config, uint32_t index,
			struct config_error *error)
{
	const struct cellhv_memory_region *region = config_memory(config, index);

	if (!is_page_range(region->phys, region->size) ||
	    !is_page_range(region->guest, region->size) || region->reserved ||
	    region->flags & ~CELLHV_MEMORY_FLAGS || !(region->flags & CELLHV_MEMORY_READ))
		return config_fail(error, CELLHV_CHECK_CONFIG_MEMORY, index);

	for (uint32_t i = 0; i < index; i++) {
		const struct cellhv_memory_region *other = config_memory(config, i);

		if (range_overlaps(region->phys, region->size, other->phys, other->size) ||
		    range_overlaps(region->guest, region->size, other->guest, other->size))
			return config_fail(error, CELLHV_CHECK_CONFIG_MEMORY, index);
	}
	return 0;
}

static int check_comm(const struct cellhv_cell_config *config, struct config_error *error)
{
	const uint64_t page = config->comm_address, size = PAGE_MASK + 1;

	if (!is_page_range(page, size))
		return config_fail(error, CELLHV_CHECK_CONFIG_COMM, page);

	for (uint32_t i = 0; i < config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(config, i);

		if (range_overlaps(page, size, region->guest, region->size))
			return config_fail(error, CELLHV_CHECK_CONFIG_COMM, page);
	}
	return 0;
}

static int check_cpus(const struct cellhv_cell_config *config, struct config_error *error)
{
	uint64_t seen[CELLHV_MAX_CPUS / 64] = {0};

	if (config->cpus.count == 0)
		return config_fail(error, CELLHV_CHECK_CONFIG_CPU, 0);

	for (uint32_t i = 0; i < config->cpus.count; i++) {
		uint32_t cpu = config_cpu(config, i);

		if (cpu >= CELLHV_MAX_CPUS || seen[cpu / 64] >> (cpu % 64) & 1)
			return config_fail(error, CELLHV_CHECK_CONFIG_CPU, i);
		seen[cpu / 64] |= 1ull << (cpu % 64);
	}
	return 0;
}

static int check_ports(const struct cellhv_cell_config *config, struct config_error *error)
{
	for (uint32_t i = 0; i < config->ports.count; i++) {
		const struct cellhv_port_range *range = config_ports(config, i);

		/* All of PCI can be reached through CF8-CFF: no cell may do so by itself. */
		if (range->count == 0 || range->count > MAX_PORTS ||
		    range->base > MAX_PORTS - range->count ||
		    range_overlaps(range->base, range->count, PCI_PORTS, PCI_PORTS_COUNT))
			return config_fail(error, CELLHV_CHECK_CONFIG_PORT, i);
	}
	return 0;
}

int config_validate_cell(const void *data, size_t size, uint16_t architecture,
			 struct config_error *error)
{
	const struct cellhv_cell_config *config = data;
	int err;

	err = config_check_header(data, size, &cell_kind, architecture, error);
	if (err)
		return err;

	err = check_name(config->name, error);
	if (err)
		return err;

	err = check_fields(config, error);
	if (!err)
		err = config_check_sections(data, &cell_kind, error);
	for (uint32_t i = 0; !err && i < config->memory.count; i++)
		err = check_memory(config, i, error);
	if (err)
		return err;

	err = check_comm(config, error);
	if (err)
		return err;

	err = check_cpus(config, error);
	if (err)
		return err;

	err = check_ports(config, error);
	if (err)
		return err;

	err = config_validate_links(config, error);
	if (err)
		return err;

	return config_validate_devices(config, error);
}
