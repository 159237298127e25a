/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* The configuration of the machine. */
#include <cellhv/manage.h>

#include "core/config_format.h"
#include "core/errno.h"
#include "core/range.h"

#define PAGE_MASK 0xfffull
#define PCI_BUS_SHIFT 20 /* PCI Express Base Specification, 7.2.2: 1 MiB of MMCONFIG per bus */
#define IOMMU_SIZE_MAX (512u << 10)

#define SYSTEM(field) offsetof(struct cellhv_system_config, field)

static const struct config_rule rules[] = {
	{SYSTEM(iommus), sizeof(struct cellhv_iommu), CELLHV_MAX_IOMMUS},
	{SYSTEM(ioapics), sizeof(struct cellhv_ioapic), CELLHV_MAX_IOAPICS},
};
static const struct config_kind system_kind = {
	.type = CELLHV_CONFIG_SYSTEM,
	.fixed_size = sizeof(struct cellhv_system_config),
	.max_size = CELLHV_SYSTEM_MAX_SIZE,
	.rules = rules,
	.num_rules = sizeof(rules) / sizeof(rules[0]),
};

static bool iommu_is_valid(const struct cellhv_system_config *config, uint32_t index)
{
	const struct cellhv_iommu *iommu = config_iommu(config, index);

	if (!iommu->base || (iommu->base | iommu->size) & PAGE_MASK || !iommu->size ||
	    iommu->size > IOMMU_SIZE_MAX || iommu->base > UINT64_MAX - iommu->size ||
	    (iommu->type != CELLHV_IOMMU_VTD && iommu->type != CELLHV_IOMMU_AMD) ||
	    (iommu->type == CELLHV_IOMMU_VTD && iommu->function) || iommu->reserved[0] ||
	    iommu->reserved[1] || iommu->reserved[2])
		return false;

	for (uint32_t i = 0; i < index; i++) {
		const struct cellhv_iommu *other = config_iommu(config, i);

		if (range_overlaps(iommu->base, iommu->size, other->base, other->size))
			return false;
	}
	return true;
}

static bool ioapic_is_valid(const struct cellhv_system_config *config, uint32_t index)
{
	const struct cellhv_ioapic *ioapic = config_ioapic(config, index);

	if (!ioapic->base || ioapic->base & PAGE_MASK || ioapic->base > UINT64_MAX - PAGE_MASK)
		return false;

	for (uint32_t i = 0; i < index; i++)
		if (config_ioapic(config, i)->base == ioapic->base)
			return false;
	return true;
}

int config_validate_system(const void *data, size_t size, uint16_t architecture,
			   struct config_error *error)
{
	const struct cellhv_system_config *config = data;
	const uint64_t bus_mask = (1ull << PCI_BUS_SHIFT) - 1;
	int err;

	err = config_check_header(data, size, &system_kind, architecture, error);
	if (err)
		return err;

	if (config->flags & ~CELLHV_SYSTEM_FLAGS)
		return config_fail_format(error, SYSTEM(flags));

	if (config->mmconfig_base & bus_mask)
		return config_fail_format(error, SYSTEM(mmconfig_base));

	if (config->mmconfig_end_bus > 255 ||
	    (config->mmconfig_end_bus + 1ull) << PCI_BUS_SHIFT > UINT64_MAX - config->mmconfig_base)
		return config_fail_format(error, SYSTEM(mmconfig_end_bus));

	if (config->reserved)
		return config_fail_format(error, SYSTEM(reserved));

	if (config->remapping_base & PAGE_MASK)
		return config_fail_format(error, SYSTEM(remapping_base));

	if (!config->memory_top)
		return config_fail_format(error, SYSTEM(memory_top));

	err = config_check_sections(data, &system_kind, error);
	for (uint32_t i = 0; !err && i < config->iommus.count; i++)
		if (!iommu_is_valid(config, i))
			err = config_fail_format(error, SYSTEM(iommus));
	for (uint32_t i = 0; !err && i < config->ioapics.count; i++)
		if (!ioapic_is_valid(config, i))
			err = config_fail_format(error, SYSTEM(ioapics));
	return err;
}
