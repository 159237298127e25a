/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of AMD-Vi units: the hardware's, and the shadow that Linux sees (48882, 3.4). */
#include "arch/x86/iommu/amdvi.h"

#include <stddef.h>

#include "core/arch.h"
#include "core/errno.h"
#include "core/machine.h"

/* Emulated CPUs stall for a third of a second at times; hardware takes microseconds. */
#define PATIENCE_MS 1000u

uint64_t amdvi_read(struct cpu *self, const struct iommu *unit, uint32_t offset)
{
	uint64_t value = *(volatile uint64_t *)arch_window_map(self, unit->config->base + offset);

	arch_window_unmap(self);
	return value;
}

void amdvi_write(struct cpu *self, const struct iommu *unit, uint32_t offset, uint64_t value)
{
	*(volatile uint64_t *)arch_window_map(self, unit->config->base + offset) = value;
	arch_window_unmap(self);
}

bool amdvi_await(struct cpu *self, const struct iommu *unit, uint32_t offset, uint64_t mask,
		 uint64_t value)
{
	uint64_t deadline = arch_ticks() + (uint64_t)PATIENCE_MS * machine.ticks_per_ms;

	while ((amdvi_read(self, unit, offset) & mask) != value) {
		if (arch_ticks() > deadline)
			return false;
		arch_pause();
	}
	return true;
}

uint64_t *amdvi_shadow(struct amdvi *state, uint64_t offset)
{
	if (offset / 8 < AMDVI_LOW_WORDS)
		return &state->low[offset / 8];
	if (offset >= AMDVI_HIGH_BASE && (offset - AMDVI_HIGH_BASE) / 8 < AMDVI_HIGH_WORDS)
		return &state->high[(offset - AMDVI_HIGH_BASE) / 8];
	return NULL;
}

void amdvi_read_shadow(struct cpu *self, const struct iommu *unit)
{
	struct amdvi *state = unit->state;

	for (uint32_t i = 0; i < AMDVI_LOW_WORDS; i++)
		state->low[i] = amdvi_read(self, unit, i * 8);
	for (uint32_t i = 0; i < AMDVI_HIGH_WORDS; i++)
		state->high[i] = amdvi_read(self, unit, AMDVI_HIGH_BASE + i * 8);
}

void amdvi_note_write(struct amdvi *state, uint64_t offset)
{
	if (offset / 8 < AMDVI_LOW_WORDS)
		state->written |= 1ull << (offset / 8);
}

void amdvi_write_shadow(struct cpu *self, const struct iommu *unit)
{
	const struct amdvi *state = unit->state;

	for (uint32_t i = AMDVI_FEATURES / 8; i < AMDVI_LOW_WORDS; i++)
		if (state->written >> i & 1)
			amdvi_write(self, unit, i * 8, state->low[i]);
}

int amdvi_load(struct cpu *self, const struct iommu *unit, const struct amdvi_setting *setting)
{
	const struct {
		uint32_t offset;
		uint64_t value;
	} writes[] = {
		{AMDVI_DEVICES, setting->devices},
		{AMDVI_COMMANDS, setting->commands},
		{AMDVI_COMMAND_HEAD, setting->command_head},
		{AMDVI_COMMAND_TAIL, setting->command_tail},
		{AMDVI_EVENTS, setting->events},
		{AMDVI_EVENT_HEAD, setting->event_head},
		{AMDVI_EVENT_TAIL, setting->event_tail},
		{AMDVI_EXCLUSION, setting->exclusion},
		{AMDVI_EXCLUSION_LIMIT, setting->exclusion_limit},
		{AMDVI_CONTROL, setting->control},
	};
	uint64_t control = amdvi_read(self, unit, AMDVI_CONTROL);

	/* 3.4.1, 3.4.2: buffer and log move while they are off; and a unit that is to be off goes
	 * off first, as base 0 is a table, too. */
	amdvi_write(self, unit, AMDVI_CONTROL,
		    control & AMDVI_CONTROL_CARRIED & (setting->control | ~AMDVI_CONTROL_ENABLE));
	if (!amdvi_await(self, unit, AMDVI_STATUS, AMDVI_STATUS_COMMANDS | AMDVI_STATUS_EVENTS,
			 0)) {
		amdvi_write(self, unit, AMDVI_CONTROL, control);
		return -ETIMEDOUT;
	}
	for (unsigned i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		amdvi_write(self, unit, writes[i].offset, writes[i].value);
	return 0;
}
