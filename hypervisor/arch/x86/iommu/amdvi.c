/* SPDX-License-Identifier: GPL-2.0-only */
/* AMD-Vi units: taken from Linux while it runs, and given back. */
#include "arch/x86/iommu/amdvi.h"

#include "arch/x86/paging_formats.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/iommu_domain.h"
#include "core/lock.h"
#include "core/machine.h"

#define LEVELS 4u
#define BUFFER_LENGTH (8ull << AMDVI_LENGTH_SHIFT) /* 256 entries: a page */

/* The units have tables in common, so they have a lock, too, within that of each. */
static struct spinlock tables_lock;

static int refuse(const struct iommu *unit, uint32_t feature, struct cellhv_call *call)
{
	return cell_refuse(call, -ENODEV, CELLHV_CHECK_IOMMU_FEATURE,
			   (uint64_t)unit->index << 32 | feature);
}

static int amdvi_probe(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	if (unit->config->size < AMDVI_REGISTERS_SIZE)
		return refuse(unit, CELLHV_IOMMU_FEATURE_REGISTERS, call);
	if (AMDVI_FEATURE_LEVELS(amdvi_read(self, unit, AMDVI_FEATURES)) == AMDVI_NO_LEVELS)
		return refuse(unit, CELLHV_IOMMU_FEATURE_LEVELS, call);
	/* The device table has one segment's requesters. */
	if (unit->config->segment)
		return refuse(unit, CELLHV_IOMMU_FEATURE_MODE, call);
	return 0;
}

/* All units have all sizes of pages (2.2.3), and look into caches as they are told to. */
static void amdvi_describe(struct cpu *self, const struct iommu *unit, struct paging *tables)
{
	(void)self, (void)unit;
	tables->format = &paging_amdvi;
	tables->levels = LEVELS;
	tables->huge_1g = true;
}

/* ---- Taking and giving back ---- */

static void release(struct iommu *unit)
{
	struct amdvi *state = unit->state;

	pool_free(&machine.tables, state->commands, 1);
	pool_free(&machine.tables, state->events, 1);
	pool_free(&machine.tables, state, 1);
	unit->state = NULL;
}

static int allocate(struct iommu *unit)
{
	struct amdvi *state = pool_alloc(&machine.tables, 1);

	if (!state)
		return -ENOMEM;

	unit->state = state;
	state->commands = pool_alloc(&machine.tables, 1);
	state->events = pool_alloc(&machine.tables, 1);
	if (state->commands && state->events)
		return 0;
	release(unit);
	return -ENOMEM;
}

/* All of Linux's CPUs wait for what they have asked for, so this ends at once. */
static bool is_idle(struct cpu *self, const struct iommu *unit)
{
	struct amdvi *state = unit->state;
	uint64_t tail = *amdvi_shadow(state, AMDVI_COMMAND_TAIL);

	if (!(*amdvi_shadow(state, AMDVI_CONTROL) & AMDVI_CONTROL_COMMANDS))
		return true;
	if (!amdvi_await(self, unit, AMDVI_COMMAND_HEAD, UINT64_MAX, tail))
		return false;
	*amdvi_shadow(state, AMDVI_COMMAND_HEAD) = tail;
	return true;
}

static int forget_all_now(struct cpu *self, const struct iommu *unit)
{
	int err = amdvi_forget_all(self, unit);

	return err ? err : amdvi_settle(self, unit);
}

static int load_ours(struct cpu *self, const struct iommu *unit)
{
	struct amdvi *state = unit->state;
	uint64_t theirs = *amdvi_shadow(state, AMDVI_CONTROL);
	const struct amdvi_setting ours = {
		.devices = amdvi_devices_base(),
		.commands = machine_tables_phys(state->commands) | BUFFER_LENGTH,
		.events = machine_tables_phys(state->events) | BUFFER_LENGTH,
		.control = (theirs & AMDVI_CONTROL_CARRIED) | AMDVI_CONTROL_ENABLE |
			   AMDVI_CONTROL_COHERENT | AMDVI_CONTROL_COMMANDS | AMDVI_CONTROL_EVENTS,
	};
	int err;

	state->command_tail = state->event_head = state->unconfirmed = 0;
	err = amdvi_load(self, unit, &ours);
	state->loaded = !err;
	return err ? err : forget_all_now(self, unit);
}

/* Linux's table comes first, so that the unit has forgotten ours when it is alone with Linux. */
static int load_theirs(struct cpu *self, const struct iommu *unit)
{
	struct amdvi *state = unit->state;
	const struct amdvi_setting theirs = {
		.devices = *amdvi_shadow(state, AMDVI_DEVICES),
		.commands = *amdvi_shadow(state, AMDVI_COMMANDS),
		.command_head = *amdvi_shadow(state, AMDVI_COMMAND_HEAD),
		.command_tail = *amdvi_shadow(state, AMDVI_COMMAND_TAIL),
		.events = *amdvi_shadow(state, AMDVI_EVENTS),
		.event_head = *amdvi_shadow(state, AMDVI_EVENT_HEAD),
		.event_tail = *amdvi_shadow(state, AMDVI_EVENT_TAIL),
		.exclusion = *amdvi_shadow(state, AMDVI_EXCLUSION),
		.exclusion_limit = *amdvi_shadow(state, AMDVI_EXCLUSION_LIMIT),
		.control = *amdvi_shadow(state, AMDVI_CONTROL),
	};
	int err = 0;

	if (!state->loaded)
		return 0;
	state->silent = false; /* it is asked once more */
	if (theirs.control & AMDVI_CONTROL_ENABLE) {
		amdvi_write(self, unit, AMDVI_DEVICES, theirs.devices);
		err = forget_all_now(self, unit);
	}
	if (err)
		return err;
	amdvi_write_shadow(self, unit);
	err = amdvi_load(self, unit, &theirs);
	state->loaded = err;
	return err;
}

/* Where the firmware or the processor keeps the registers from being written. */
static bool is_locked(struct cpu *self, const struct iommu *unit)
{
	return amdvi_read(self, unit, AMDVI_DEVICES) != amdvi_devices_base();
}

/* Where that fails, too, the unit may use what it has been given. */
static int put_back(struct cpu *self, struct iommu *unit)
{
	int err = load_theirs(self, unit);

	if (err)
		return err;
	amdvi_devices_put(unit);
	release(unit);
	return 0;
}

static int no_memory(struct cellhv_call *call)
{
	return cell_refuse(call, -ENOMEM, CELLHV_CHECK_POOL_EMPTY, pool_available(&machine.tables));
}

/* Nothing of ours is in the hardware yet. */
static int take_tables(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	if (!is_idle(self, unit))
		return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_IOMMU_SILENT, unit->index);
	if (amdvi_look_at_devices(self, unit))
		return refuse(unit, CELLHV_IOMMU_FEATURE_MODE, call);
	return amdvi_devices_get(self, unit) ? no_memory(call) : 0;
}

static int take_hardware(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	int err = 0;

	if (load_ours(self, unit))
		err = cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_IOMMU_SILENT, unit->index);
	else if (is_locked(self, unit))
		err = cell_refuse(call, -ENODEV, CELLHV_CHECK_IOMMU_LOCKED, unit->index);
	if (err)
		put_back(self, unit);
	return err;
}

static int amdvi_take(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	int err;

	if (allocate(unit))
		return no_memory(call);
	amdvi_read_shadow(self, unit);
	lock_acquire(&tables_lock);
	err = take_tables(self, unit, call);
	if (err)
		release(unit);
	else
		err = take_hardware(self, unit, call);
	lock_release(&tables_lock);
	return err;
}

static int amdvi_give_back(struct cpu *self, struct iommu *unit, struct cellhv_call *call)
{
	int err;

	lock_acquire(&tables_lock);
	err = put_back(self, unit);
	lock_release(&tables_lock);
	return err ? cell_refuse(call, err, CELLHV_CHECK_IOMMU_SILENT, unit->index) : 0;
}

/* ---- What core asks for ---- */

static int amdvi_attach(struct cpu *self, struct iommu *unit, uint16_t requester,
			const struct iommu_domain *domain)
{
	int err;

	lock_acquire(&tables_lock);
	err = amdvi_move_device(self, unit, requester, domain);
	lock_release(&tables_lock);
	return err;
}

static int forget_domain_now(struct cpu *self, struct iommu *unit, uint16_t id)
{
	int err = amdvi_forget_domain(self, unit, id);

	return err ? err : amdvi_settle(self, unit);
}

static int amdvi_flush(struct cpu *self, struct iommu *unit, const struct iommu_domain *domain)
{
	/* Linux may have kept the unit from forgetting what its own tables said. */
	if (unit->by_linux && domain->id == IOMMU_ROOT_DOMAIN)
		return forget_all_now(self, unit);
	return forget_domain_now(self, unit, amdvi_domain_id(domain));
}

static int amdvi_block(struct cpu *self, struct iommu *unit, uint16_t requester,
		       const struct iommu_tables *tables)
{
	int err;

	lock_acquire(&tables_lock);
	err = amdvi_block_device(self, unit, requester, tables);
	lock_release(&tables_lock);
	return err ? err : amdvi_settle(self, unit);
}

static int amdvi_forget(struct cpu *self, struct iommu *unit, const struct iommu_tables *tables)
{
	return forget_domain_now(self, unit, tables->domain);
}

static int amdvi_set_interrupt(struct cpu *self, struct iommu *unit, uint32_t index,
			       const struct iommu_interrupt *interrupt)
{
	int err;

	lock_acquire(&tables_lock);
	err = amdvi_set_entry(self, unit, index, interrupt);
	lock_release(&tables_lock);
	return err;
}

static int amdvi_recheck_interrupts(struct cpu *self, struct iommu *unit)
{
	int err;

	lock_acquire(&tables_lock);
	amdvi_copy_all_interrupts(self);
	err = forget_all_now(self, unit);
	if (!err)
		amdvi_interrupts_forgotten(unit);
	lock_release(&tables_lock);
	return err;
}

static bool amdvi_access(struct cpu *self, struct iommu *unit, struct iommu_access *access)
{
	bool done;

	lock_acquire(&tables_lock);
	done = amdvi_do_access(self, unit, access);
	lock_release(&tables_lock);
	return done;
}

const struct iommu_ops amdvi_ops = {
	.name = "AMD-Vi",
	.probe = amdvi_probe,
	.describe = amdvi_describe,
	.take = amdvi_take,
	.give_back = amdvi_give_back,
	.attach = amdvi_attach,
	.flush = amdvi_flush,
	.set_interrupt = amdvi_set_interrupt,
	.message = amdvi_message,
	.recheck_interrupts = amdvi_recheck_interrupts,
	.access = amdvi_access,
	.linux_tables = amdvi_linux_tables,
	.block = amdvi_block,
	.forget = amdvi_forget,
	.poll = amdvi_poll,
};
