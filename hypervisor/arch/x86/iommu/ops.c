/* SPDX-License-Identifier: GPL-2.0-only */
/* The drivers, by type. */
#include <stddef.h>

#include "arch/x86/iommu/iommu.h"
#include "core/arch.h"

static const struct iommu_ops *const drivers[] = {
	[CELLHV_IOMMU_VTD] = &vtd_ops,
	[CELLHV_IOMMU_AMD] = &amdvi_ops,
};

const struct iommu_ops *arch_iommu_ops(uint16_t type)
{
	return type < sizeof(drivers) / sizeof(drivers[0]) ? drivers[type] : NULL;
}
