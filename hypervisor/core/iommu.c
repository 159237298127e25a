/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/iommu.h"

#include "core/cell.h"
#include "core/errno.h"

int iommu_take(struct cpu *self, struct cellhv_call *call)
{
	(void)self;
	return cell_refuse(call, -ENODEV, CELLHV_CHECK_IOMMU_NONE, 0);
}

int iommu_leave(struct cpu *self, struct cellhv_call *call)
{
	(void)self;
	if (cells)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELLS_EXIST, cell_count());
	return 0;
}
