// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks without which this module could not read a configuration safely. Whether it makes
 * sense, and its checksum, is for the hypervisor to say.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "arch.h"
#include "cellhv.h"

#define CONFIG_LINK_MAX (1ull << 40) /* bytes of a section */

static int config_check_header(const struct cellhv_config_header *header, u16 type, u32 size,
			       struct cellhv_error *error)
{
	const u32 format = CELLHV_CHECK_CONFIG_FORMAT;

	if (memcmp(header->signature, CELLHV_CONFIG_SIGNATURE, sizeof(header->signature)))
		return refuse(error, -EINVAL, format, offsetof(typeof(*header), signature));
	if (header->version != CELLHV_CONFIG_VERSION)
		return refuse(error, -EINVAL, format, offsetof(typeof(*header), version));
	if (header->architecture != launch_architecture)
		return refuse(error, -EINVAL, format, offsetof(typeof(*header), architecture));
	if (header->type != type)
		return refuse(error, -EINVAL, format, offsetof(typeof(*header), type));
	if (header->total_size != size || size > CELLHV_CONFIG_MAX_SIZE)
		return refuse(error, -EINVAL, format, offsetof(typeof(*header), total_size));

	return 0;
}

struct config_section {
	u32 position; /* of the struct cellhv_section in the configuration */
	u32 entry_size;
	u32 max_count;
};

#define SECTION(owner, member, type, max)                  \
	{                                                  \
		offsetof(owner, member), sizeof(type), max \
	}

static const struct config_section config_cell_sections[] = {
	SECTION(struct cellhv_cell_config, memory, struct cellhv_memory_region,
		CELLHV_MAX_MEMORY_REGIONS),
	SECTION(struct cellhv_cell_config, cpus, u32, CELLHV_MAX_CPUS),
	SECTION(struct cellhv_cell_config, ports, struct cellhv_port_range, CELLHV_MAX_PORT_RANGES),
	SECTION(struct cellhv_cell_config, links, struct cellhv_link, CELLHV_MAX_LINKS),
	SECTION(struct cellhv_cell_config, functions, struct cellhv_function, CELLHV_MAX_FUNCTIONS),
	SECTION(struct cellhv_cell_config, pins, struct cellhv_pin, CELLHV_MAX_PINS),
};

static const struct config_section config_system_sections[] = {
	SECTION(struct cellhv_system_config, iommus, struct cellhv_iommu, CELLHV_MAX_IOMMUS),
	SECTION(struct cellhv_system_config, ioapics, struct cellhv_ioapic, CELLHV_MAX_IOAPICS),
};

/* `fixed`: bytes of the structure that the arrays come after. */
static bool config_section_fits(const struct cellhv_section *section, u32 fixed, u32 size,
				const struct config_section *expect)
{
	u64 end = section->offset + (u64)section->count * expect->entry_size;

	if (!section->count && !section->offset)
		return true;

	return section->entry_size == expect->entry_size && section->count <= expect->max_count &&
	       !(section->offset % 8) && section->offset >= fixed && end <= size;
}

static int config_check_sections(const void *config, u32 fixed, u32 size,
				 const struct config_section *sections, unsigned int count,
				 struct cellhv_error *error)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!config_section_fits(config + sections[i].position, fixed, size, &sections[i]))
			return refuse(error, -EINVAL, CELLHV_CHECK_CONFIG_FORMAT,
				      sections[i].position);

	return 0;
}

int config_check_system(const struct cellhv_system_config *config, u32 size,
			struct cellhv_error *error)
{
	int ret = config_check_header(&config->header, CELLHV_CONFIG_SYSTEM, size, error);

	if (ret)
		return ret;
	return config_check_sections(config, sizeof(*config), size, config_system_sections,
				     ARRAY_SIZE(config_system_sections), error);
}

static int config_check_cpus(const struct cellhv_cell_config *config, struct cellhv_error *error)
{
	const u32 *cpus = config_cpus(config);
	DECLARE_BITMAP(seen, CELLHV_MAX_CPUS) = {};
	u32 i;

	if (!config->cpus.count)
		return refuse(error, -EINVAL, CELLHV_CHECK_CONFIG_CPU, 0);

	for (i = 0; i < config->cpus.count; i++)
		if (cpus[i] >= CELLHV_MAX_CPUS || cpus[i] >= nr_cpu_ids || !cpu_possible(cpus[i]) ||
		    __test_and_set_bit(cpus[i], seen))
			return refuse(error, -EINVAL, CELLHV_CHECK_CONFIG_CPU, i);

	return 0;
}

/* Within these the size of a link's memory cannot wrap around. */
static int config_check_links(const struct cellhv_cell_config *config, struct cellhv_error *error)
{
	const struct cellhv_link *link = config_links(config);
	u32 i;

	for (i = 0; i < config->links.count; i++, link++)
		if (link->shared.common_size > CONFIG_LINK_MAX ||
		    link->shared.output_size > CONFIG_LINK_MAX ||
		    link->shared.max_peers > CELLHV_LINK_PEERS ||
		    strnlen(link->shared.name, CELLHV_NAME_SIZE) == CELLHV_NAME_SIZE)
			return refuse(error, -EINVAL, CELLHV_CHECK_CONFIG_LINK, i);

	return 0;
}

static int config_check_memory(const struct cellhv_cell_config *config, struct cellhv_error *error)
{
	struct cellhv_memory_region region;
	u64 end;
	u32 i;

	for (i = 0; config_memory(config, i, &region); i++)
		if (!region.size || (region.phys | region.size) % SZ_4K ||
		    check_add_overflow(region.phys, region.size, &end))
			return refuse(error, -EINVAL, CELLHV_CHECK_CONFIG_MEMORY, i);

	return 0;
}

int config_check_cell(const struct cellhv_cell_config *config, u32 size, struct cellhv_error *error)
{
	int ret;

	ret = config_check_header(&config->header, CELLHV_CONFIG_CELL, size, error);
	if (ret)
		return ret;

	/* The name goes to the kernel log. */
	if (!config->name[0] || strnlen(config->name, CELLHV_NAME_SIZE) == CELLHV_NAME_SIZE)
		return refuse(error, -EINVAL, CELLHV_CHECK_CONFIG_NAME, 0);

	ret = config_check_sections(config, sizeof(*config), size, config_cell_sections,
				    ARRAY_SIZE(config_cell_sections), error);
	if (ret)
		return ret;

	ret = config_check_cpus(config, error);
	if (ret)
		return ret;

	ret = config_check_links(config, error);
	if (ret)
		return ret;

	return config_check_memory(config, error);
}

const u32 *config_cpus(const struct cellhv_cell_config *config)
{
	return (const void *)config + config->cpus.offset;
}

const struct cellhv_link *config_links(const struct cellhv_cell_config *config)
{
	return (const void *)config + config->links.offset;
}

const struct cellhv_function *config_functions(const struct cellhv_cell_config *config)
{
	return (const void *)config + config->functions.offset;
}

const struct cellhv_pin *config_pins(const struct cellhv_cell_config *config)
{
	return (const void *)config + config->pins.offset;
}

bool config_memory(const struct cellhv_cell_config *config, u32 index,
		   struct cellhv_memory_region *region)
{
	const struct cellhv_memory_region *regions = (const void *)config + config->memory.offset;
	const struct cellhv_link *link;

	if (index < config->memory.count) {
		*region = regions[index];
		return true;
	}
	index -= config->memory.count;
	if (index >= config->links.count)
		return false;

	link = &config_links(config)[index];
	*region = (struct cellhv_memory_region){.phys = link->shared.phys,
						.size = cellhv_link_size(&link->shared)};
	return true;
}
