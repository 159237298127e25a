/* SPDX-License-Identifier: GPL-2.0-only */
/* The management calls of the root: from the argument to the operation. */
#include "core/control.h"

#include "core/arch.h"
#include "core/cell.h"
#include "core/comm.h"
#include "core/errno.h"
#include "core/invariants.h"
#include "core/iommu.h"
#include "core/lock.h"
#include "core/machine.h"
#include "core/message_root.h"
#include "core/print.h"
#include "core/region.h"
#include "core/string.h"
#include "core/window.h"

static struct spinlock control_lock;
static uint64_t state_sequence;
static uint64_t console_bytes_gone; /* written by cells that are destroyed */

bool control_try_lock(void)
{
	return lock_try(&control_lock);
}

void control_unlock(void)
{
	lock_release(&control_lock);
}

static struct cell *control_cell(struct cellhv_call *call, uint32_t id, int *error)
{
	struct cell *cell = cell_by_id(id);

	if (!cell)
		*error = cell_refuse(call, -ENOENT, CELLHV_CHECK_NO_SUCH_CELL, id);
	return cell;
}

static int control_disable(struct cpu *self, struct cellhv_call *call)
{
	if (cells)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELLS_EXIST, cell_count());
	/* It uses what would be Linux's memory again. */
	if (iommu_check_stuck(call))
		return -ETIMEDOUT;
	/* Under the lock: from here on no cell can be created. */
	self->leaving = true;
	return 0;
}

static int control_release_cpu(struct cpu *self, struct cellhv_call *call)
{
	struct cpu *cpu = cpu_by_number(call->cpu);
	bool had_guest;

	if (cells)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELLS_EXIST, cell_count());
	if (!cpu)
		return cell_refuse(call, -ENODEV, CELLHV_CHECK_CPU_NUMBER, call->cpu);
	if (cpu == self)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CPU_SELF, call->cpu);

	if (cpu_is_lost(cpu))
		return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, call->cpu);

	/* Even if it does not answer in time: it may leave at any time from here on. */
	cpu->leaving = true;
	had_guest = cpu->activity == CPU_GUEST;
	cpu_request(cpu, CPU_REQUEST_RELEASE);
	if (!cpu_await(cpu, CPU_REQUEST_RELEASE) || !arch_await_left(self, cpu, had_guest))
		return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, call->cpu);
	return 0;
}

static int control_info(struct cpu *self, struct cellhv_call *call)
{
	(void)self;
	call->info.pages_total = machine.pool.pages;
	call->info.pages_used = machine.pool.used;
	call->info.num_cpus = 0;
	for (uint32_t i = 0; i < num_cpus; i++)
		call->info.num_cpus += cpu_by_number(i) != NULL;
	call->info.num_cells = cell_count();
	call->info.dma = iommu_dma();
	call->info.interrupts = message_root_interrupts();
	call->info.tables_total = machine.tables.pages;
	call->info.tables_used = machine.tables.used;
	memcpy(call->info.version, machine.version, sizeof(call->info.version));
	arch_info(call);
	return 0;
}

static int control_create(struct cpu *self, struct cellhv_call *call)
{
	int err;

	/* A native CPU would reach the cell's memory. */
	if (!cpu_all_inside())
		return cell_refuse(call, -ENODEV, CELLHV_CHECK_CPUS_OUTSIDE, machine.num_cpus);

	err = iommu_check_stuck(call);
	if (!err)
		err = cell_create(self, call);
	state_sequence += !err;
	return err;
}

static int control_scrub(struct cpu *self, struct cellhv_call *call)
{
	int err = 0;
	struct cell *cell = control_cell(call, call->scrub.cell, &err);

	return cell ? cell_scrub(self, cell, call) : err;
}

static int control_load(struct cpu *self, struct cellhv_call *call)
{
	int err = 0;
	struct cell *cell = control_cell(call, call->load.cell, &err);

	return cell ? region_load(self, cell, call) : err;
}

static int control_start(struct cpu *self, struct cellhv_call *call)
{
	int err = 0;
	struct cell *cell = control_cell(call, call->cell, &err);

	(void)self;
	return cell ? cell_start(cell, call) : err;
}

static bool cell_is_alive(const struct cell *cell)
{
	enum cellhv_cell_state state = cell_state(cell);

	return state == CELLHV_STATE_RUNNING || state == CELLHV_STATE_LOCKED;
}

static int control_message(struct cpu *self, struct cellhv_call *call)
{
	int err = 0;
	struct cell *cell = control_cell(call, call->message.cell, &err);
	uint32_t message = call->message.message;

	if (!cell)
		return err;
	if (message != CELLHV_MSG_SHUTDOWN_REQUEST && message != CELLHV_MSG_RECONFIGURED)
		return cell_refuse(call, -EINVAL, CELLHV_CHECK_CALL_FORMAT, message);
	if (!cell_is_alive(cell))
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_STATE, cell_state(cell));

	if (cell->config->flags & CELLHV_CELL_PLATFORM_PC && message == CELLHV_MSG_SHUTDOWN_REQUEST)
		arch_press_button(self, cell);
	else
		comm_send(cell, message);
	return 0;
}

static int control_status(struct cpu *self, struct cellhv_call *call)
{
	int err = 0;
	struct cell *cell = control_cell(call, call->status.cell, &err);

	(void)self;
	if (!cell)
		return err;

	call->status.state = cell_status(cell, &call->status.failure);
	call->status.reply = comm_reply(cell);
	call->status.reset = call->status.state == CELLHV_STATE_SHUT_DOWN &&
			     __atomic_load_n(&cell->ended, __ATOMIC_ACQUIRE) == CELL_RESET;
	memcpy(call->status.failed_cpus, cell->failed_cpus, sizeof(cell->failed_cpus));
	return 0;
}

static int control_stop(struct cpu *self, struct cellhv_call *call)
{
	int err = 0;
	struct cell *cell = control_cell(call, call->cell, &err);

	(void)self;
	return cell ? cell_stop(cell, call) : err;
}

static int control_destroy(struct cpu *self, struct cellhv_call *call)
{
	int err = 0;
	struct cell *cell = control_cell(call, call->cell, &err);
	uint64_t console_bytes;

	if (!cell)
		return err;

	console_bytes = cell->console.position + cell->console_taken;
	err = cell_destroy(self, cell, call);
	if (!err) {
		console_bytes_gone += console_bytes;
		state_sequence++;
	}
	return err;
}

static int control_stats(struct cpu *self, struct cellhv_call *call)
{
	const struct cpu *cpu = cpu_by_number(call->stats.cpu);

	(void)self;
	if (!cpu)
		return cell_refuse(call, -ENODEV, CELLHV_CHECK_CPU_NUMBER, call->stats.cpu);

	memcpy(call->stats.count, cpu->stats, sizeof(call->stats.count));
	return 0;
}

/* The buffer of a call about a console is the root's, within one page. */
static int control_console_check(struct cellhv_call *call)
{
	uint64_t phys = call->console.phys;
	uint32_t size = call->console.size;

	if (size > PAGE_SIZE || (phys & (PAGE_SIZE - 1)) + size > PAGE_SIZE ||
	    !cell_root_owns(phys & ~(PAGE_SIZE - 1), PAGE_SIZE))
		return cell_refuse(call, -EINVAL, CELLHV_CHECK_MEMORY_RANGE, phys);
	return 0;
}

static int control_console_read(struct cpu *self, struct cellhv_call *call)
{
	uint64_t phys = call->console.phys;
	uint32_t size = call->console.size;
	const struct ring *ring = &print_ring;
	struct cell *cell;
	int err = control_console_check(call);

	if (err)
		return err;
	if (call->console.cell != CELLHV_ROOT_ID) {
		cell = control_cell(call, call->console.cell, &err);
		if (!cell)
			return err;
		ring = &cell->console;
	}

	call->console.size = (uint32_t)ring_read(ring, &call->console.position,
						 arch_window_map(self, phys), size);
	arch_window_unmap(self);
	return 0;
}

static int control_console_write(struct cpu *self, struct cellhv_call *call)
{
	uint32_t size = call->console.size;
	int err = control_console_check(call);
	struct cell *cell = err ? NULL : control_cell(call, call->console.cell, &err);
	int room;

	if (!cell)
		return err;
	room = arch_console_room(cell);
	if (room < 0)
		return cell_refuse(call, -EINVAL, CELLHV_CHECK_CALL_FORMAT, call->op);
	if (!cell_is_alive(cell))
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_STATE, cell_state(cell));
	if (!room)
		return -EAGAIN;

	call->console.size =
		arch_console_type(self, cell, arch_window_map(self, call->console.phys), size);
	arch_window_unmap(self);
	return 0;
}

static int control_poll(struct cpu *self, struct cellhv_call *call)
{
	uint64_t console_bytes = console_bytes_gone + print_ring.position;

	iommu_poll(self);
	for (struct cell *cell = cells; cell; cell = cell->next) {
		uint32_t state = cell_state(cell);

		state_sequence += state != cell->reported_state;
		cell->reported_state = state;
		console_bytes += cell->console.position + cell->console_taken;
	}
	call->poll.state_sequence = state_sequence;
	call->poll.console_sequence = console_bytes;
	return 0;
}

typedef int control_operation(struct cpu *self, struct cellhv_call *call);

static control_operation *const operations[CELLHV_OP_MAX] = {
	[CELLHV_OP_DISABLE] = control_disable,
	[CELLHV_OP_RELEASE_CPU] = control_release_cpu,
	[CELLHV_OP_INFO] = control_info,
	[CELLHV_OP_CELL_CREATE] = control_create,
	[CELLHV_OP_CELL_SCRUB] = control_scrub,
	[CELLHV_OP_CELL_LOAD] = control_load,
	[CELLHV_OP_CELL_START] = control_start,
	[CELLHV_OP_CELL_MESSAGE] = control_message,
	[CELLHV_OP_CELL_STATUS] = control_status,
	[CELLHV_OP_CELL_STOP] = control_stop,
	[CELLHV_OP_CELL_DESTROY] = control_destroy,
	[CELLHV_OP_CPU_STATS] = control_stats,
	[CELLHV_OP_CONSOLE_READ] = control_console_read,
	[CELLHV_OP_POLL] = control_poll,
	[CELLHV_OP_IOMMU_TAKE] = iommu_take,
	[CELLHV_OP_IOMMU_LEAVE] = iommu_leave,
	[CELLHV_OP_CONSOLE_WRITE] = control_console_write,
};

/*
 * What is called over and over, and changes nobody's share: looking at every page each time would
 * make loading a large cell a matter of minutes.
 */
static bool is_frequent(uint32_t op)
{
	const uint32_t frequent = 1u << CELLHV_OP_POLL | 1u << CELLHV_OP_CELL_STATUS |
				  1u << CELLHV_OP_CPU_STATS | 1u << CELLHV_OP_CELL_SCRUB |
				  1u << CELLHV_OP_CELL_LOAD | 1u << CELLHV_OP_CONSOLE_READ |
				  1u << CELLHV_OP_CONSOLE_WRITE;

	return frequent >> op & 1;
}

static int control_perform(struct cpu *self, struct cellhv_call *call)
{
	int err;

	call->check = CELLHV_CHECK_NONE;
	call->object = 0;
	if (call->size != sizeof(*call))
		return cell_refuse(call, -EINVAL, CELLHV_CHECK_CALL_FORMAT, call->size);
	if (call->op >= CELLHV_OP_MAX || !operations[call->op])
		return cell_refuse(call, -ENOSYS, CELLHV_CHECK_CALL_FORMAT, call->op);
	if (!control_try_lock())
		return -EBUSY;

	err = operations[call->op](self, call);
	if (CHECK_INVARIANTS && !is_frequent(call->op))
		invariants_check();
	control_unlock();
	return err;
}

int control_call(struct cpu *self, uint64_t phys)
{
	struct cellhv_call call;

	if ((phys & 7) || (phys & (PAGE_SIZE - 1)) + sizeof(call) > PAGE_SIZE ||
	    !cell_root_owns(phys & ~(PAGE_SIZE - 1), PAGE_SIZE))
		return -EINVAL;

	window_copy_from(self, &call, phys, sizeof(call));
	call.error = control_perform(self, &call);
	window_copy_to(self, phys, &call, sizeof(call));

	if (call.op == CELLHV_OP_DISABLE && !call.error)
		arch_leave(self);
	return call.error;
}
