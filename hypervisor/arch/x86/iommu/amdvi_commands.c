/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands to AMD-Vi units: the hypervisor's, and of Linux's those that mean something
 * (48882, 2.4). */
#include "arch/x86/iommu/amdvi.h"

#include "core/arch.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/print.h"
#include "core/window.h"

#define COMMAND_SIZE 16u
#define UNCONFIRMED_MAX 128u /* of the 256 in the buffer */
#define PATIENCE_MS 1000u
#define PAGES_ALL 0x7ffffffffffff000ull /* 2.4.3: with S, as many addresses as there are */
#define PAGES_RANGE 0x1ull
#define PAGES_DIRECTORIES 0x2ull
#define FORGET_DOMAIN (0xfull << 60 | 0xffffull << 32)
#define FORGET_PAGES (~(PAGE_SIZE - 1ull) | PAGES_RANGE | PAGES_DIRECTORIES)
#define LINUX_COMMANDS 64u /* in one exit */

static uint64_t make(unsigned command, uint64_t operand)
{
	return (uint64_t)command << 60 | operand;
}

static void append(struct amdvi *state, uint64_t low, uint64_t high)
{
	uint64_t *command = &state->commands[state->command_tail / 8];

	command[0] = low;
	command[1] = high;
	state->command_tail = (state->command_tail + COMMAND_SIZE) & (PAGE_SIZE - 1);
	state->unconfirmed++;
}

int amdvi_settle(struct cpu *self, const struct iommu *unit)
{
	struct amdvi *state = unit->state;
	uint64_t deadline = arch_ticks() + (uint64_t)PATIENCE_MS * machine.ticks_per_ms;

	if (state->silent)
		return -ETIMEDOUT;
	if (!state->unconfirmed)
		return 0;

	state->sequence++;
	append(state, make(AMDVI_WAIT, machine_tables_phys(&state->done) | AMDVI_WAIT_STORES),
	       state->sequence);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	amdvi_write(self, unit, AMDVI_COMMAND_TAIL, state->command_tail);
	while (__atomic_load_n(&state->done, __ATOMIC_ACQUIRE) != state->sequence) {
		if (arch_ticks() > deadline) {
			state->silent = true;
			return -ETIMEDOUT;
		}
		arch_pause();
	}
	state->unconfirmed = 0;
	return 0;
}

int amdvi_send(struct cpu *self, const struct iommu *unit, uint64_t low, uint64_t high)
{
	struct amdvi *state = unit->state;

	append(state, low, high);
	return state->unconfirmed < UNCONFIRMED_MAX ? 0 : amdvi_settle(self, unit);
}

int amdvi_forget_device(struct cpu *self, const struct iommu *unit, uint16_t requester)
{
	int err = amdvi_send(self, unit, make(AMDVI_FORGET_DEVICE, requester), 0);

	return err ? err : amdvi_send(self, unit, make(AMDVI_FORGET_INTERRUPTS, requester), 0);
}

int amdvi_forget_domain(struct cpu *self, const struct iommu *unit, uint16_t domain)
{
	return amdvi_send(self, unit, make(AMDVI_FORGET_PAGES, (uint64_t)domain << 32),
			  PAGES_ALL | PAGES_RANGE | PAGES_DIRECTORIES);
}

/* Units of the first years have no command for all. */
int amdvi_forget_all(struct cpu *self, const struct iommu *unit)
{
	int err = 0;

	if (*amdvi_shadow(unit->state, AMDVI_FEATURES) & AMDVI_FEATURE_ALL)
		return amdvi_send(self, unit, make(AMDVI_FORGET_ALL, 0), 0);

	for (uint32_t i = 0; i < AMDVI_REQUESTERS && !err; i++) {
		err = amdvi_forget_device(self, unit, (uint16_t)i);
		if (!err)
			err = amdvi_forget_domain(self, unit, (uint16_t)i);
	}
	return err;
}

/* Linux waits for this store, in vain where the unit is silent. It could write there by itself. */
static void linux_wait(struct cpu *self, const struct iommu *unit, const uint64_t command[2])
{
	uint64_t address = command[0] & AMDVI_WAIT_ADDRESS;

	if (amdvi_settle(self, unit)) {
		if (cpu_may_complain(self))
			print("IOMMU %u does not answer\n", unit->index);
		return;
	}
	if (command[0] & AMDVI_WAIT_STORES && memory_root_writes(address))
		window_copy_to(self, address, &command[1], sizeof(command[1]));
}

/*
 * What is not here means nothing: devices have no translations of their own, and ask for no pages.
 * Nothing is passed on with bits that a unit could stop at.
 */
static void linux_command(struct cpu *self, const struct iommu *unit, const uint64_t command[2])
{
	uint16_t requester = (uint16_t)command[0];

	switch (AMDVI_COMMAND(command[0])) {
	case AMDVI_WAIT:
		linux_wait(self, unit, command);
		break;
	case AMDVI_FORGET_DEVICE:
		amdvi_sync_device(self, unit, requester);
		break;
	case AMDVI_FORGET_PAGES:
		amdvi_send(self, unit, command[0] & FORGET_DOMAIN, command[1] & FORGET_PAGES);
		break;
	case AMDVI_FORGET_INTERRUPTS:
		amdvi_sync_interrupts(self, unit, requester);
		break;
	case AMDVI_FORGET_ALL:
		amdvi_sync_devices(self, unit);
		break;
	default:
		break;
	}
}

/* Bytes of a buffer, as its base register has it: 2.4; nonsense is a page. */
static uint64_t buffer_size(uint64_t base)
{
	uint64_t length = base >> AMDVI_LENGTH_SHIFT & 0xf;

	return COMMAND_SIZE << (length < 8 ? 8 : length);
}

bool amdvi_linux_commands(struct cpu *self, const struct iommu *unit)
{
	struct amdvi *state = unit->state;
	uint64_t base = *amdvi_shadow(state, AMDVI_COMMANDS);
	uint64_t mask = (buffer_size(base) - 1) & ~(COMMAND_SIZE - 1ull);
	uint64_t *head = amdvi_shadow(state, AMDVI_COMMAND_HEAD);
	uint64_t tail = *amdvi_shadow(state, AMDVI_COMMAND_TAIL) & mask;
	uint64_t command[2];

	*head &= mask;
	if (!(*amdvi_shadow(state, AMDVI_CONTROL) & AMDVI_CONTROL_COMMANDS))
		return true;
	for (unsigned i = 0; *head != tail && i < LINUX_COMMANDS; i++) {
		uint64_t phys = (base & AMDVI_ADDRESS) + *head;
		unsigned kind;

		*head = (*head + COMMAND_SIZE) & mask;
		if (!memory_root_reaches(phys))
			continue;
		window_copy_from(self, command, phys, sizeof(command));
		linux_command(self, unit, command);
		/* These are enough for one exit. */
		kind = AMDVI_COMMAND(command[0]);
		if (kind == AMDVI_FORGET_ALL || kind == AMDVI_FORGET_INTERRUPTS)
			break;
	}
	return *head == tail;
}
