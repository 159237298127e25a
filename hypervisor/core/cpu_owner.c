/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs as what cells own. What they do for each other is in core/cpu.c. */
#include "core/cell.h"
#include "core/errno.h"
#include "core/panic.h"
#include "core/print.h"
#include "core/resource.h"

static int cpu_check(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < cell->config->cpus.count; i++) {
		uint32_t number = config_cpu(cell->config, i);
		const struct cpu *cpu = cpu_by_number(number);

		if (!cpu)
			return cell_refuse(call, -ENODEV, CELLHV_CHECK_CPU_NUMBER, number);
		if (!cell_is_root(cpu->cell))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_CPU_OWNED, number);
		if (cpu_is_lost(cpu))
			return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, number);
		if (cpu == self)
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_CPU_SELF, number);
	}
	return 0;
}

int cpu_check_lost(const struct cell *cell, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < cell->config->cpus.count; i++) {
		const struct cpu *cpu = cpu_by_number(config_cpu(cell->config, i));

		if (cpu_is_lost(cpu))
			return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, cpu->number);
	}
	return 0;
}

/* The first `count` CPUs, all parked or lost, become the root's again and wait for it to start
 * them. */
static void cpu_return_all(const struct cell *cell, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct cpu *cpu = cpu_by_number(config_cpu(cell->config, i));

		if (cpu_is_lost(cpu)) {
			cpu_leave_lost(cpu);
			continue;
		}
		cpu_set_owner(cpu, &root_cell);
		cpu_request(cpu, CPU_REQUEST_RETURN);
		if (!cpu_await(cpu, CPU_REQUEST_RETURN))
			print("CPU %u does not answer\n", cpu->number);
	}
}

/*
 * One that was silent may still have to do what was asked of it then, and a return behind this
 * park would take it from its next owner.
 */
static bool cpu_park_root(struct cpu *cpu)
{
	if (!cpu_await(cpu, UINT32_MAX))
		return false;
	cpu_request(cpu, CPU_REQUEST_PARK);
	if (cpu_await(cpu, CPU_REQUEST_PARK))
		return true;
	/* Still the root's: once it answers, it waits like the others. */
	cpu_request(cpu, CPU_REQUEST_RETURN);
	return false;
}

static int cpu_take(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	int err;

	for (uint32_t i = 0; i < cell->config->cpus.count; i++) {
		struct cpu *cpu = cpu_by_number(config_cpu(cell->config, i));

		if (!cpu_park_root(cpu)) {
			cpu_return_all(cell, i);
			return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, cpu->number);
		}
		cpu_set_owner(cpu, cell);
	}
	/* Devices of the root's do not interrupt them any more. */
	arch_recheck_interrupts(self);
	err = iommu_recheck(self, call);
	if (err)
		cpu_return_all(cell, cell->config->cpus.count);
	return err;
}

static void cpu_drop(struct cell *cell)
{
	cpu_return_all(cell, cell->config->cpus.count);
}

/* One that runs already may signal those that do not yet. */
static void cpu_start(struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->cpus.count; i++)
		cpu_set_owner(cpu_by_number(config_cpu(cell->config, i)), cell);
	for (uint32_t i = 0; i < cell->config->cpus.count; i++)
		cpu_request(cpu_by_number(config_cpu(cell->config, i)), CPU_REQUEST_RESET);
}

/* false: it does not answer, and is waited for once more before it is lost. */
static bool cpu_await_stop(struct cell *cell, struct cpu *cpu)
{
	if (cpu_await(cpu, CPU_REQUEST_PARK)) {
		cpu->unanswered = 0;
		return true;
	}
	cpu->unanswered++;
	cell_fail(cell,
		  &(struct cellhv_failure){.reason = CELLHV_FAILURE_SILENT, .cpu = cpu->number});
	return cpu_is_lost(cpu);
}

/* All of them, so that the next stop knows of each. */
static int cpu_stop(struct cell *cell, struct cellhv_call *call)
{
	int err = 0;

	for (uint32_t i = 0; i < cell->config->cpus.count; i++)
		cpu_request(cpu_by_number(config_cpu(cell->config, i)), CPU_REQUEST_PARK);
	for (uint32_t i = 0; i < cell->config->cpus.count; i++) {
		struct cpu *cpu = cpu_by_number(config_cpu(cell->config, i));

		if (!cpu_await_stop(cell, cpu))
			err = cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, cpu->number);
	}
	return err;
}

static void cpu_verify_list(const struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->cpus.count; i++) {
		const struct cpu *cpu = cpu_by_number(config_cpu(cell->config, i));

		if (!cpu || cpu->cell != cell)
			panic("cell \"%s\" lacks a CPU", cell->name);
	}
}

static void cpu_verify(void)
{
	uint32_t owned = 0, listed = 0;

	for (uint32_t i = 0; i < num_cpus; i++)
		owned += cpus[i] && cpus[i]->present && !cell_is_root(cpus[i]->cell);
	for (const struct cell *cell = cells; cell; cell = cell->next) {
		listed += cell->config->cpus.count;
		cpu_verify_list(cell);
	}
	if (owned != listed)
		panic("%u CPUs are owned, %u listed", owned, listed);
}

const struct resource cpu_resource = {
	.check = cpu_check,
	.take = cpu_take,
	.start = cpu_start,
	.stop = cpu_stop,
	.drop = cpu_drop,
	.verify = cpu_verify,
};
