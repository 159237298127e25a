/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of Linux's that drivers follow: the root's writes to them exit. */
#include "core/control.h"
#include "core/iommu_domain.h"
#include "core/memory.h"
#include "core/window.h"

int iommu_watch(uint64_t page, bool watch)
{
	return memory_change_root(page, PAGE_SIZE,
				  watch ? PAGING_READ | PAGING_EXECUTE : MEMORY_ROOT_ACCESS);
}

static bool follows(const struct iommu *unit, uint64_t phys, uint64_t size)
{
	return unit->ops->follows && unit->ops->follows(unit, phys, size);
}

bool iommu_follows(uint64_t phys, uint64_t size)
{
	const struct iommu *unit;

	for (unsigned i = 0; (unit = iommu_unit(i)); i++)
		if (follows(unit, phys, size))
			return true;
	return false;
}

/* What nobody has decoded the root does by itself, if it can: a CPU that does not know yet asks
 * once more. */
static void do_write(struct cpu *self, const struct iommu_write *write)
{
	if (write->size) {
		window_write(self, write->phys, write->size, write->value);
		return;
	}
	iommu_watch(write->phys & ~(PAGE_SIZE - 1), false);
	memory_flush_root(self);
}

static enum iommu_result follow(struct cpu *self, const struct iommu_write *write)
{
	const uint64_t page = write->phys & ~(PAGE_SIZE - 1);
	struct iommu *unit;

	if (!iommu_follows(page, PAGE_SIZE))
		return IOMMU_NOT_FOLLOWED;
	do_write(self, write);
	for (unsigned i = 0; (unit = iommu_unit(i)); i++) {
		if (unit->use != IOMMU_OURS || !follows(unit, page, PAGE_SIZE))
			continue;
		lock_acquire(&unit->lock);
		unit->ops->follow(self, unit, write);
		lock_release(&unit->lock);
	}
	return write->size ? IOMMU_DONE : IOMMU_AGAIN;
}

enum iommu_result iommu_follow(struct cpu *self, const struct iommu_write *write)
{
	enum iommu_result result;

	if (!control_try_lock())
		return IOMMU_AGAIN;
	result = follow(self, write);
	control_unlock();
	return result;
}
