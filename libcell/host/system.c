// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the hypervisor has to be told of the machine. */
#include <string.h>
#include <syslog.h>

#include "base/blob.h"
#include "host/host.h"

static void put_section(union host_system_config *system, struct cellhv_section *section,
			const void *entries, size_t n)
{
	size_t at = system->config.header.total_size;

	if (!n)
		return;

	memcpy((char *)system + at, entries, n * section->entry_size);
	section->offset = (uint32_t)at;
	section->count = (uint32_t)n;
	system->config.header.total_size += (uint32_t)n * section->entry_size;
}

static void put_devices(const cell_host *host, union host_system_config *system)
{
	const struct acpi *acpi = &host->acpi;
	struct cellhv_system_config *config = &system->config;

	config->iommus.entry_size = sizeof(struct cellhv_iommu);
	config->ioapics.entry_size = sizeof(struct cellhv_ioapic);
	if (acpi->iommus_are_wrong)
		context_log(host->context, LOG_WARNING,
			    "No IOMMU is used: what the firmware's table %s says of them cannot be "
			    "right, or is of more than %u.",
			    acpi->has_ivrs ? "IVRS" : "DMAR", CELLHV_MAX_IOMMUS);
	else
		put_section(system, &config->iommus, acpi->iommus, acpi->n_iommus);
	if (acpi->ioapics_are_wrong)
		context_log(
			host->context, LOG_WARNING,
			"No interrupt pin can be given to a cell: what the firmware's table MADT "
			"says of I/O APICs cannot be right, or is of more than %u.",
			CELLHV_MAX_IOAPICS);
	else
		put_section(system, &config->ioapics, acpi->ioapics, acpi->n_ioapics);
}

/* Both sections at their longest are below CELLHV_SYSTEM_MAX_SIZE. */
_Static_assert(sizeof(struct cellhv_system_config) +
			       CELLHV_MAX_IOMMUS * sizeof(struct cellhv_iommu) +
			       CELLHV_MAX_IOAPICS * sizeof(struct cellhv_ioapic) <=
		       CELLHV_SYSTEM_MAX_SIZE,
	       "all IOMMUs and I/O APICs fit");

void host_system_config(const cell_host *host, union host_system_config *ret)
{
	struct cellhv_system_config *config = &ret->config;

	*ret = (union host_system_config){0};
	*config = (struct cellhv_system_config){
		.flags = host->settings.strict ? CELLHV_SYSTEM_STRICT : 0,
		.debug_port = host->settings.debug_port,
		.pm_timer_port = host->acpi.pm_timer_port,
		.mmconfig_base = host->acpi.mmconfig_base,
		.mmconfig_end_bus = host->acpi.mmconfig_end_bus,
		.remapping_base = host->acpi.remapping_base,
		.memory_top = host->memory.top,
	};
	blob_init_header(&config->header, CELLHV_CONFIG_SYSTEM);
	config->header.total_size = sizeof(*config);
	put_devices(host, ret);
	blob_finish_header(&config->header, config->header.total_size);
}
