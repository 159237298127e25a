/* SPDX-License-Identifier: GPL-2.0-only */
/* What Linux reads and writes of an AMD-Vi unit's registers. */
#include "arch/x86/iommu/amdvi.h"

/* Written with ones where it is to be cleared: 3.4.10. */
#define STATUS_CLEARED 0x1fe67ull

/* Linux's buffer and log are as they were told to be. */
static uint64_t status(struct amdvi *state)
{
	uint64_t control = *amdvi_shadow(state, AMDVI_CONTROL);
	uint64_t value =
		*amdvi_shadow(state, AMDVI_STATUS) & ~(AMDVI_STATUS_EVENTS | AMDVI_STATUS_COMMANDS);

	if (!(control & AMDVI_CONTROL_ENABLE))
		return value;
	return value | (control & AMDVI_CONTROL_EVENTS ? AMDVI_STATUS_EVENTS : 0) |
	       (control & AMDVI_CONTROL_COMMANDS ? AMDVI_STATUS_COMMANDS : 0);
}

/* What the hypervisor has no use for is the hardware's: counters. */
static uint64_t read_register(struct cpu *self, const struct iommu *unit, uint64_t offset)
{
	const uint64_t *shadow = amdvi_shadow(unit->state, offset);

	if (offset == AMDVI_STATUS)
		return status(unit->state);
	return shadow ? *shadow : amdvi_read(self, unit, (uint32_t)offset);
}

/* The register's value after a write of 4 or 8 bytes. */
static uint64_t merge(uint64_t former, const struct iommu_access *access)
{
	unsigned shift = 8 * (access->offset & 4);
	uint64_t mask = access->size == 8 ? UINT64_MAX : (uint64_t)UINT32_MAX << shift;

	return (former & ~mask) | (access->value << shift & mask);
}

/* false: Linux has more to say, and says it again. */
static bool write_register(struct cpu *self, const struct iommu *unit,
			   const struct iommu_access *access)
{
	uint64_t offset = access->offset & ~7ull, former, value;
	uint64_t *shadow = amdvi_shadow(unit->state, offset);

	if (!shadow || offset == AMDVI_FEATURES || offset == AMDVI_FEATURES_2)
		return true;
	former = *shadow;
	if (offset == AMDVI_STATUS) {
		*shadow &= ~(merge(0, access) & STATUS_CLEARED);
		return true;
	}
	value = merge(former, access);
	*shadow = value;
	amdvi_note_write(unit->state, offset);
	if ((offset == AMDVI_DEVICES && value != former) ||
	    (offset == AMDVI_CONTROL && (value ^ former) & AMDVI_CONTROL_ENABLE))
		amdvi_sync_devices(self, unit);
	if (offset == AMDVI_COMMAND_TAIL || offset == AMDVI_CONTROL)
		return amdvi_linux_commands(self, unit);
	return true;
}

bool amdvi_do_access(struct cpu *self, struct iommu *unit, struct iommu_access *access)
{
	bool fits = access->offset % access->size == 0 &&
		    access->offset + access->size <= unit->config->size;

	if (access->write)
		return !fits || write_register(self, unit, access);

	access->value =
		fits ? read_register(self, unit, access->offset & ~7ull) >> 8 * (access->offset & 4)
		     : UINT64_MAX;
	return true;
}
