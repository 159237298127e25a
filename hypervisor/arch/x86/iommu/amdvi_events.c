/* SPDX-License-Identifier: GPL-2.0-only */
/* The log of AMD-Vi units (48882, 2.5), which is the hypervisor's; Linux's stays empty. */
#include "arch/x86/iommu/amdvi.h"

#include "core/pool.h"
#include "core/cpu.h"
#include "core/print.h"

#define EVENT_SIZE 16u
#define EVENT_CODE(entry) ((entry)[0] >> 60)
#define EVENT_REQUESTER(entry) ((uint16_t)(entry)[0])
#define EVENT_INTERRUPT (1ull << 51)
#define EVENT_WRITE (1ull << 53)

/* Codes: 2.5.2 to 2.5.9. Those that are not here are the unit's. */
#define CODE_DEVICE_ENTRY 1u
#define CODE_PAGE_FAULT 2u
#define CODE_INVALID_REQUEST 8u

bool amdvi_read_event(const uint64_t entry[2], struct amdvi_event *event)
{
	uint64_t code = EVENT_CODE(entry);

	if (code != CODE_DEVICE_ENTRY && code != CODE_PAGE_FAULT && code != CODE_INVALID_REQUEST)
		return false;

	*event = (struct amdvi_event){
		.requester = EVENT_REQUESTER(entry),
		.address = entry[1],
		.detail = EVENT_REQUESTER(entry),
	};
	if (entry[0] & EVENT_INTERRUPT)
		event->detail |= CELLHV_FAILURE_DMA_INTERRUPT;
	else if (entry[0] & EVENT_WRITE)
		event->detail |= CELLHV_FAILURE_DMA_WRITE;
	return true;
}

/* A log that was full has stopped (2.5.1): it begins anew. */
static void restart_log(struct cpu *self, const struct iommu *unit)
{
	uint64_t control = amdvi_read(self, unit, AMDVI_CONTROL);

	amdvi_write(self, unit, AMDVI_CONTROL, control & ~AMDVI_CONTROL_EVENTS);
	if (amdvi_await(self, unit, AMDVI_STATUS, AMDVI_STATUS_EVENTS, 0))
		amdvi_write(self, unit, AMDVI_STATUS, AMDVI_STATUS_EVENTS_LOST);
	amdvi_write(self, unit, AMDVI_CONTROL, control);
}

/* A page of events at most. */
void amdvi_poll(struct cpu *self, struct iommu *unit)
{
	struct amdvi *state = unit->state;
	uint32_t tail = (uint32_t)amdvi_read(self, unit, AMDVI_EVENT_TAIL) & (PAGE_SIZE - 1);
	struct amdvi_event event;

	while (state->event_head != tail) {
		uint64_t *entry = &state->events[state->event_head / 8];

		if (amdvi_read_event(entry, &event))
			iommu_fault(unit, event.requester, event.address, event.detail);
		else if (cpu_may_complain(self))
			print("IOMMU %u: event %llx, %llx\n", unit->index,
			      (unsigned long long)entry[0], (unsigned long long)entry[1]);
		state->event_head = (state->event_head + EVENT_SIZE) & (PAGE_SIZE - 1);
	}
	if (amdvi_read(self, unit, AMDVI_EVENT_HEAD) != state->event_head)
		amdvi_write(self, unit, AMDVI_EVENT_HEAD, state->event_head);
	if (amdvi_read(self, unit, AMDVI_STATUS) & AMDVI_STATUS_EVENTS_LOST)
		restart_log(self, unit);
}
