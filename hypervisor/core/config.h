/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * Validation of configurations: pure, without allocation, for the hypervisor and for libcell. After
 * it the data may be trusted as far as cellhv/config.h promises; who owns what is checked
 * elsewhere.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cellhv/config.h>

struct config_error {
	uint32_t check; /* enum cellhv_check, CELLHV_CHECK_CONFIG_* */
	uint64_t object;
};

/*
 * data: 8-byte aligned memory that nobody else can write to; size: bytes there, and the total size
 * the configuration has to state; architecture: CELLHV_ARCH_*, of the machine that it is for. 0, or
 * -EINVAL with *error set.
 */
int config_validate_cell(const void *data, size_t size, uint16_t architecture,
			 struct config_error *error);
int config_validate_system(const void *data, size_t size, uint16_t architecture,
			   struct config_error *error); /* config_system.c */

/* [A-Za-z0-9][A-Za-z0-9._-]{0,30}, then zeros to the end of its CELLHV_NAME_SIZE bytes. */
bool config_name_is_valid(const char *name);

/* Entry `index` of a section of a valid configuration. */
static inline const void *config_entry(const struct cellhv_cell_config *config,
				       const struct cellhv_section *section, uint32_t index)
{
	return (const char *)config + section->offset + (size_t)index * section->entry_size;
}

static inline const struct cellhv_memory_region *
config_memory(const struct cellhv_cell_config *config, uint32_t index)
{
	return config_entry(config, &config->memory, index);
}

/* Linux CPU number. */
static inline uint32_t config_cpu(const struct cellhv_cell_config *config, uint32_t index)
{
	return *(const uint32_t *)config_entry(config, &config->cpus, index);
}

static inline const struct cellhv_port_range *config_ports(const struct cellhv_cell_config *config,
							   uint32_t index)
{
	return config_entry(config, &config->ports, index);
}

static inline const struct cellhv_link *config_link(const struct cellhv_cell_config *config,
						    uint32_t index)
{
	return config_entry(config, &config->links, index);
}

static inline const struct cellhv_function *config_function(const struct cellhv_cell_config *config,
							    uint32_t index)
{
	return config_entry(config, &config->functions, index);
}

/* Where there is PCI the first 64 KiB are RAM, so what a BAR has there are ports. */
static inline bool config_bar_is_memory(const struct cellhv_bar *bar)
{
	return bar->size && bar->phys >= 0x10000;
}

/* Bytes of the pages that a BAR in memory has for itself. */
static inline uint64_t config_bar_pages(const struct cellhv_bar *bar)
{
	return (bar->size + 0xfff) & ~0xfffull;
}

/*
 * The n-th range of ports that the cell has: those it lists, then its functions' BARs. false: there
 * are no more.
 */
static inline bool config_port_range(const struct cellhv_cell_config *config, uint32_t n,
				     struct cellhv_port_range *ret)
{
	uint32_t bars = config->functions.count * CELLHV_FUNCTION_BARS;

	if (n < config->ports.count) {
		*ret = *config_ports(config, n);
		return true;
	}
	n -= config->ports.count;
	for (uint32_t i = 0; i < bars; i++) {
		const struct cellhv_bar *bar = &config_function(config, i / CELLHV_FUNCTION_BARS)
							->bars[i % CELLHV_FUNCTION_BARS];

		if (!bar->size || config_bar_is_memory(bar) || n--)
			continue;
		*ret = (struct cellhv_port_range){(uint32_t)bar->phys, (uint32_t)bar->size};
		return true;
	}
	return false;
}

static inline const struct cellhv_pin *config_pin(const struct cellhv_cell_config *config,
						  uint32_t index)
{
	return config_entry(config, &config->pins, index);
}

static inline const struct cellhv_iommu *config_iommu(const struct cellhv_system_config *config,
						      uint32_t index)
{
	return (const struct cellhv_iommu *)((const char *)config + config->iommus.offset) + index;
}

static inline const struct cellhv_ioapic *config_ioapic(const struct cellhv_system_config *config,
							uint32_t index)
{
	return (const struct cellhv_ioapic *)((const char *)config + config->ioapics.offset) +
	       index;
}

#endif
