/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
#include "core/config.h"

#include <cellhv/guest.h>
#include <cellhv/manage.h>

#include "core/checksum.h"
#include "core/config_link.h"
#include "core/errno.h"
#include "core/range.h"

#define PAGE_MASK 0xfffull
#define MAX_PORTS 65536u
#define PCI_PORTS 0xcf8u
#define PCI_PORTS_COUNT 8u
#define PCI_BUS_SHIFT 20 /* PCI Express Base Specification, 7.2.2: 1 MiB of MMCONFIG per bus */

static int fail(struct config_error *error, uint32_t check, uint64_t object)
{
	*error = (struct config_error){.check = check, .object = object};
	return -EINVAL;
}

static int fail_format(struct config_error *error, size_t offset)
{
	return fail(error, CELLHV_CHECK_CONFIG_FORMAT, offset);
}

#define HEADER(field) offsetof(struct cellhv_config_header, field)
#define CELL(field) offsetof(struct cellhv_cell_config, field)
#define SYSTEM(field) offsetof(struct cellhv_system_config, field)

/* What a configuration has to be. */
struct kind {
	uint16_t type;
	uint16_t architecture;
	size_t fixed_size; /* bytes of the structure that it begins with */
};

static int check_header(const struct cellhv_config_header *header, size_t size,
			const struct kind *kind, struct config_error *error)
{
	static const char signature[sizeof(header->signature) + 1] = CELLHV_CONFIG_SIGNATURE;

	if (size < kind->fixed_size || size > CELLHV_CONFIG_MAX_SIZE)
		return fail_format(error, HEADER(total_size));

	for (size_t i = 0; i < sizeof(header->signature); i++)
		if (header->signature[i] != signature[i])
			return fail_format(error, HEADER(signature));

	if (header->version != CELLHV_CONFIG_VERSION)
		return fail_format(error, HEADER(version));

	if (header->architecture != kind->architecture)
		return fail_format(error, HEADER(architecture));

	if (header->type != kind->type)
		return fail_format(error, HEADER(type));

	if (header->reserved)
		return fail_format(error, HEADER(reserved));

	if (header->total_size != size)
		return fail_format(error, HEADER(total_size));

	if (header->checksum != checksum_config(header, size))
		return fail(error, CELLHV_CHECK_CONFIG_CHECKSUM, 0);

	return 0;
}

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
		return fail(error, CELLHV_CHECK_CONFIG_NAME, length);

	for (size_t i = length; i < CELLHV_NAME_SIZE; i++)
		if (name[i])
			return fail(error, CELLHV_CHECK_CONFIG_NAME, i);
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
		return fail_format(error, CELL(flags));

	if (config->comm_revision > CELLHV_COMM_REVISION &&
	    config->comm_revision != CELLHV_COMM_LEGACY)
		return fail_format(error, CELL(comm_revision));

	if (config->reserved)
		return fail_format(error, CELL(reserved));

	if (config->console.type > CELLHV_CONSOLE_8250)
		return fail_format(error, CELL(console.type));

	if (config->console.flags & ~console_flags)
		return fail_format(error, CELL(console.flags));

	if (config->entry > UINT32_MAX)
		return fail(error, CELLHV_CHECK_CONFIG_ENTRY, config->entry);

	return 0;
}

/* The sections of a cell, where they are and what they may hold. */
static const struct section_rule {
	size_t offset; /* of its struct cellhv_section */
	uint32_t entry_size;
	uint32_t max_count;
} section_rules[] = {
	{CELL(memory), sizeof(struct cellhv_memory_region), CELLHV_MAX_MEMORY_REGIONS},
	{CELL(cpus), sizeof(uint32_t), CELLHV_MAX_CPUS},
	{CELL(ports), sizeof(struct cellhv_port_range), CELLHV_MAX_PORT_RANGES},
	{CELL(links), sizeof(struct cellhv_link), CELLHV_MAX_LINKS},
};
#define SECTIONS (sizeof(section_rules) / sizeof(section_rules[0]))

static const struct cellhv_section *section(const struct cellhv_cell_config *config, size_t index)
{
	return (const void *)((const char *)config + section_rules[index].offset);
}

static int check_section(const struct cellhv_cell_config *config, size_t index,
			 struct config_error *error)
{
	const struct section_rule *rule = &section_rules[index];
	const struct cellhv_section *this = section(config, index);
	uint64_t total_size = config->header.total_size;

	if (this->entry_size != rule->entry_size || this->count > rule->max_count || this->reserved)
		return fail_format(error, rule->offset);

	if (this->count == 0)
		return this->offset ? fail_format(error, rule->offset) : 0;

	/* The products are below 2^16 after the check of the count, the sums are in 64 bits. */
	if (this->offset % 8 || this->offset < sizeof(*config) ||
	    (uint64_t)this->offset + this->count * this->entry_size > total_size)
		return fail_format(error, rule->offset);

	for (size_t i = 0; i < index; i++) {
		const struct cellhv_section *other = section(config, i);

		if (range_overlaps(this->offset, this->count * this->entry_size, other->offset,
				   other->count * other->entry_size))
			return fail_format(error, rule->offset);
	}
	return 0;
}

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
		return fail(error, CELLHV_CHECK_CONFIG_MEMORY, index);

	for (uint32_t i = 0; i < index; i++) {
		const struct cellhv_memory_region *other = config_memory(config, i);

		if (range_overlaps(region->phys, region->size, other->phys, other->size) ||
		    range_overlaps(region->guest, region->size, other->guest, other->size))
			return fail(error, CELLHV_CHECK_CONFIG_MEMORY, index);
	}
	return 0;
}

static int check_comm(const struct cellhv_cell_config *config, struct config_error *error)
{
	const uint64_t page = config->comm_address, size = PAGE_MASK + 1;

	if (!is_page_range(page, size))
		return fail(error, CELLHV_CHECK_CONFIG_COMM, page);

	for (uint32_t i = 0; i < config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(config, i);

		if (range_overlaps(page, size, region->guest, region->size))
			return fail(error, CELLHV_CHECK_CONFIG_COMM, page);
	}
	return 0;
}

static int check_cpus(const struct cellhv_cell_config *config, struct config_error *error)
{
	uint64_t seen[CELLHV_MAX_CPUS / 64] = {0};

	if (config->cpus.count == 0)
		return fail(error, CELLHV_CHECK_CONFIG_CPU, 0);

	for (uint32_t i = 0; i < config->cpus.count; i++) {
		uint32_t cpu = config_cpu(config, i);

		if (cpu >= CELLHV_MAX_CPUS || seen[cpu / 64] >> (cpu % 64) & 1)
			return fail(error, CELLHV_CHECK_CONFIG_CPU, i);
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
			return fail(error, CELLHV_CHECK_CONFIG_PORT, i);
	}
	return 0;
}

int config_validate_cell(const void *data, size_t size, uint16_t architecture,
			 struct config_error *error)
{
	const struct kind kind = {CELLHV_CONFIG_CELL, architecture,
				  sizeof(struct cellhv_cell_config)};
	const struct cellhv_cell_config *config = data;
	int err;

	err = check_header(data, size, &kind, error);
	if (err)
		return err;

	err = check_name(config->name, error);
	if (err)
		return err;

	err = check_fields(config, error);
	for (size_t i = 0; !err && i < SECTIONS; i++)
		err = check_section(config, i, error);
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

	return config_validate_links(config, error);
}

int config_validate_system(const void *data, size_t size, uint16_t architecture,
			   struct config_error *error)
{
	const struct kind kind = {CELLHV_CONFIG_SYSTEM, architecture,
				  sizeof(struct cellhv_system_config)};
	const struct cellhv_system_config *config = data;
	const uint64_t bus_mask = (1ull << PCI_BUS_SHIFT) - 1;
	int err;

	err = check_header(data, size, &kind, error);
	if (err)
		return err;

	if (size != sizeof(*config))
		return fail_format(error, HEADER(total_size));

	if (config->flags & ~CELLHV_SYSTEM_FLAGS)
		return fail_format(error, SYSTEM(flags));

	if (config->mmconfig_base & bus_mask)
		return fail_format(error, SYSTEM(mmconfig_base));

	if (config->mmconfig_end_bus > 255 ||
	    (config->mmconfig_end_bus + 1ull) << PCI_BUS_SHIFT > UINT64_MAX - config->mmconfig_base)
		return fail_format(error, SYSTEM(mmconfig_end_bus));

	if (config->reserved)
		return fail_format(error, SYSTEM(reserved));

	if (config->remapping_base & PAGE_MASK)
		return fail_format(error, SYSTEM(remapping_base));

	if (!config->memory_top)
		return fail_format(error, SYSTEM(memory_top));

	return 0;
}
