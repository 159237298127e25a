/* SPDX-License-Identifier: GPL-2.0-only */
/* Entries of the units' tables for interrupts of cells. */
#include <stddef.h>

#include "core/arch.h"
#include "core/errno.h"
#include "core/iommu_domain.h"

static bool interrupts[IOMMU_INTERRUPTS]; /* entries that are a cell's */

int iommu_allocate_interrupts(uint32_t count, uint32_t *ret_first)
{
	uint32_t used = 0;

	for (uint32_t first = 0; first + count <= IOMMU_INTERRUPTS; first += count) {
		for (uint32_t i = used = 0; i < count; i++)
			used |= interrupts[first + i];
		if (used)
			continue;
		for (uint32_t i = 0; i < count; i++)
			interrupts[first + i] = true;
		*ret_first = first;
		return 0;
	}
	return -ENOSPC;
}

/* Waits for no other: false where a unit is busy, and those before it have been set. */
static int set_unit(struct cpu *self, struct iommu *unit, uint32_t index,
		    const struct iommu_interrupt *interrupt)
{
	int err;

	if (!lock_try(&unit->lock))
		return -EAGAIN;
	err = unit->use == IOMMU_OURS ? unit->ops->set_interrupt(self, unit, index, interrupt)
				      : -ETIMEDOUT;
	lock_release(&unit->lock);
	return err;
}

static int set_all(struct cpu *self, uint32_t index, const struct iommu_interrupt *interrupt)
{
	struct iommu *unit;
	int err = 0;

	for (unsigned i = 0; !err && (unit = iommu_unit(i)); i++)
		if (!unit->config->segment)
			err = set_unit(self, unit, index, interrupt);
	return err;
}

int iommu_set_interrupt(struct cpu *self, uint32_t index, const struct iommu_interrupt *interrupt,
			uint64_t *ret_address, uint32_t *ret_data)
{
	int err = set_all(self, index, interrupt);

	if (!err)
		iommu_unit(0)->ops->message(iommu_unit(0), index, ret_address, ret_data);
	return err;
}

void iommu_free_interrupts(struct cpu *self, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++) {
		while (set_all(self, i, NULL) == -EAGAIN)
			arch_pause();
		interrupts[i] = false;
	}
}
