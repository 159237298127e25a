/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/iommu/vtd.h"

#include "core/arch.h"
#include "core/errno.h"
#include "core/machine.h"
#include "core/print.h"

#define AWAIT_MS 1000u

/* What of GSTS goes into GCMD again: all but what only begins something (11.4.4.1). */
#define COMMAND_KEPT 0x96ffffffu

static volatile void *open_register(struct cpu *self, const struct iommu *unit, uint32_t offset)
{
	return arch_window_map(self, unit->config->base + offset);
}

uint32_t vtd_read(struct cpu *self, const struct iommu *unit, uint32_t offset)
{
	uint32_t value = *(volatile uint32_t *)open_register(self, unit, offset);

	arch_window_unmap(self);
	return value;
}

uint64_t vtd_read64(struct cpu *self, const struct iommu *unit, uint32_t offset)
{
	uint64_t value = *(volatile uint64_t *)open_register(self, unit, offset);

	arch_window_unmap(self);
	return value;
}

void vtd_write(struct cpu *self, const struct iommu *unit, uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)open_register(self, unit, offset) = value;
	arch_window_unmap(self);
}

void vtd_write64(struct cpu *self, const struct iommu *unit, uint32_t offset, uint64_t value)
{
	*(volatile uint64_t *)open_register(self, unit, offset) = value;
	arch_window_unmap(self);
}

int vtd_await(struct cpu *self, const struct iommu *unit, uint32_t offset, uint32_t mask,
	      uint32_t value)
{
	uint64_t start = arch_ticks();

	while ((vtd_read(self, unit, offset) & mask) != value) {
		if (arch_ticks() - start > (uint64_t)AWAIT_MS * machine.ticks_per_ms) {
			print("IOMMU %u: register %x is %x; of %x, %x was waited for\n",
			      unit->index, offset, vtd_read(self, unit, offset), mask, value);
			return -ETIMEDOUT;
		}
		arch_pause();
	}
	return 0;
}

int vtd_command(struct cpu *self, const struct iommu *unit, uint32_t bit, bool on)
{
	uint32_t command = vtd_read(self, unit, VTD_GSTS) & COMMAND_KEPT;

	command = on ? command | bit : command & ~bit;
	vtd_write(self, unit, VTD_GCMD, command);
	/* A flush of the write buffer is over when its bit is clear again. */
	return vtd_await(self, unit, VTD_GSTS, bit, on && bit != VTD_WBF ? bit : 0);
}

void vtd_written(const struct vtd *vtd, const void *address, uint64_t size)
{
	if (!(vtd->ecap & VTD_ECAP_COHERENT))
		arch_write_back(address, size);
}
