/* SPDX-License-Identifier: GPL-2.0-only */
/* The drivers of x86's IOMMUs, by type. */
#include <stddef.h>

#include "core/arch.h"
#include "core/iommu.h"

const struct iommu_ops *arch_iommu_ops(uint16_t type)
{
	(void)type;
	return NULL;
}
