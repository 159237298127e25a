/* SPDX-License-Identifier: GPL-2.0-only */
/* The drivers, by type. */
#include <stddef.h>

#include "arch/x86/iommu/iommu.h"
#include "core/arch.h"
#include "core/config.h"
#include "core/machine.h"
#include "core/window.h"

#define VTD_STATUS 0x1cu
#define VTD_REMAPS (1u << 25) /* VT-d 11.4.4.2 */
#define AMDVI_CONTROL 0x18u
#define AMDVI_ON 1u /* AMD-Vi 3.4.1 */

static const struct iommu_ops *const drivers[] = {
	[CELLHV_IOMMU_VTD] = &vtd_ops,
	[CELLHV_IOMMU_AMD] = &amdvi_ops,
};

const struct iommu_ops *arch_iommu_ops(uint16_t type)
{
	return type < sizeof(drivers) / sizeof(drivers[0]) ? drivers[type] : NULL;
}

bool iommu_hardware_remaps(struct cpu *self)
{
	for (uint32_t i = 0; i < machine.system.iommus.count; i++) {
		const struct cellhv_iommu *unit = config_iommu(&machine.system, i);

		if (unit->type == CELLHV_IOMMU_VTD &&
		    window_read(self, unit->base + VTD_STATUS, 4) & VTD_REMAPS)
			return true;
		if (unit->type == CELLHV_IOMMU_AMD && iommu_dma() == CELLHV_DMA_OPEN &&
		    window_read(self, unit->base + AMDVI_CONTROL, 4) & AMDVI_ON)
			return true;
	}
	return false;
}
