/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/hypercall.h"

#include "core/cell.h"
#include "core/comm.h"
#include "core/control.h"
#include "core/errno.h"
#include "core/machine.h"

/* What an inmate may ask about the hypervisor (guest interface, code 5). */
enum hypercall_info {
	INFO_MEM_POOL_SIZE,
	INFO_MEM_POOL_USED,
	INFO_REMAP_POOL_SIZE,
	INFO_REMAP_POOL_USED,
	INFO_NUM_CELLS
};

static int hypercall_denied(struct cpu *cpu, const uint64_t *arguments)
{
	(void)cpu;
	(void)arguments;
	return -EPERM;
}

static int hypercall_info(struct cpu *cpu, const uint64_t *arguments)
{
	(void)cpu;
	switch (arguments[0]) {
	case INFO_MEM_POOL_SIZE:
		return (int)machine.pool.pages;
	case INFO_MEM_POOL_USED:
		return (int)machine.pool.used;
	case INFO_REMAP_POOL_SIZE:
	case INFO_REMAP_POOL_USED:
		return 0;
	case INFO_NUM_CELLS:
		return (int)cell_count() + 1;
	default:
		return -EINVAL;
	}
}

/* A cell may ask for its own state only. */
static int hypercall_cell_state(struct cpu *cpu, const uint64_t *arguments)
{
	if (arguments[0] != cpu->cell->id)
		return -EPERM;
	return (int)comm_state(cpu->cell);
}

/* Answers to CELLHV_CPU_INFO_STATE. */
#define CPU_STATE_RUNNING 0
#define CPU_STATE_FAILED 2

static int hypercall_cpu_info(struct cpu *cpu, const uint64_t *arguments)
{
	const struct cpu *other = cpu_by_number((uint32_t)arguments[0]);
	uint64_t type = arguments[1];

	if (!other)
		return -EINVAL;
	if (other->cell != cpu->cell)
		return -EPERM;
	if (type == CELLHV_CPU_INFO_STATE)
		return other->activity == CPU_PARKED ? CPU_STATE_FAILED : CPU_STATE_RUNNING;
	if (type < CELLHV_CPU_INFO_EXITS || type - CELLHV_CPU_INFO_EXITS >= CELLHV_EXIT_MAX)
		return -EINVAL;
	return (int)(other->stats[type - CELLHV_CPU_INFO_EXITS] & INT32_MAX);
}

static int hypercall_putc(struct cpu *cpu, const uint64_t *arguments)
{
	struct cell *cell = cpu->cell;

	if (!(cell->config->flags & CELLHV_CELL_CONSOLE_VIRTUAL))
		return -EPERM;

	cell_console_put(cell, (char)arguments[0]);
	return 0;
}

static int (*const hypercalls[])(struct cpu *cpu, const uint64_t *arguments) = {
	[CELLHV_HC_DISABLE] = hypercall_denied,
	[CELLHV_HC_CELL_CREATE] = hypercall_denied,
	[CELLHV_HC_CELL_START] = hypercall_denied,
	[CELLHV_HC_CELL_SET_LOADABLE] = hypercall_denied,
	[CELLHV_HC_CELL_DESTROY] = hypercall_denied,
	[CELLHV_HC_INFO] = hypercall_info,
	[CELLHV_HC_CELL_STATE] = hypercall_cell_state,
	[CELLHV_HC_CPU_INFO] = hypercall_cpu_info,
	[CELLHV_HC_CONSOLE_PUTC] = hypercall_putc,
};

uint32_t hypercall(struct cpu *cpu, const struct hypercall *call)
{
	int result;

	cpu_count(cpu, CELLHV_EXIT_HYPERCALL);
	if (!call->privileged)
		result = -EPERM;
	else if (cell_is_root(cpu->cell))
		result =
			call->code == CELLHV_CALL ? control_call(cpu, call->arguments[0]) : -ENOSYS;
	else if (call->code < sizeof(hypercalls) / sizeof(*hypercalls))
		result = hypercalls[call->code](cpu, call->arguments);
	else
		result = -ENOSYS;
	return (uint32_t)result;
}
