/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cells: their making, life and end. Each step checks everything, then reserves, then commits; what
 * was reserved goes back where a later step fails.
 */
#include "core/cell.h"

#include "core/arch.h"
#include "core/comm.h"
#include "core/errno.h"
#include "core/link.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/print.h"
#include "core/string.h"
#include "core/window.h"

struct cell root_cell = {.name = "root", .started = true};
struct cell *cells;
static uint32_t last_id;

struct cell *cell_by_id(uint32_t id)
{
	for (struct cell *cell = cells; cell; cell = cell->next)
		if (cell->id == id)
			return cell;
	return NULL;
}

uint32_t cell_count(void)
{
	uint32_t count = 0;

	for (struct cell *cell = cells; cell; cell = cell->next)
		count++;
	return count;
}

enum cellhv_cell_state cell_status(const struct cell *cell, struct cellhv_failure *failure)
{
	struct comm_report report;

	*failure = cell->failure;
	if (cell->failed)
		return CELLHV_STATE_FAILED;
	if (!cell->started)
		return CELLHV_STATE_STOPPED;

	report = comm_report(cell);
	failure->reason = report.reason;
	failure->address = report.address;
	return report.state;
}

enum cellhv_cell_state cell_state(const struct cell *cell)
{
	struct cellhv_failure failure;

	return cell_status(cell, &failure);
}

static bool overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

struct cell *cell_owning_memory(uint64_t phys, uint64_t size)
{
	for (struct cell *cell = cells; cell; cell = cell->next) {
		for (uint32_t i = 0; i < cell->config->memory.count; i++) {
			const struct cellhv_memory_region *region = config_memory(cell->config, i);

			if (overlaps(phys, size, region->phys, region->size))
				return cell;
		}
	}
	return NULL;
}

bool cell_root_owns(uint64_t phys, uint64_t size)
{
	return phys + size > phys && phys + size <= machine.phys_limit &&
	       !overlaps(phys, size, machine.memory_phys, CELLHV_MEMORY_SIZE) &&
	       !cell_owning_memory(phys, size) && !link_owns_memory(phys, size) &&
	       !arch_pci_took(phys, size);
}

bool cell_root_may_give(uint64_t phys, uint64_t size)
{
	return cell_root_owns(phys, size) && !arch_keeps(phys, size);
}

/* A cell that says "locked" forbids this; `except` may be NULL. */
static int cell_check_locked(const struct cell *except, struct cellhv_call *call)
{
	for (struct cell *cell = cells; cell; cell = cell->next)
		if (cell != except && cell_state(cell) == CELLHV_STATE_LOCKED)
			return cell_refuse(call, -EPERM, CELLHV_CHECK_CELL_LOCKED, cell->id);
	return 0;
}

static int cell_check_cpus(struct cpu *self, const struct cellhv_cell_config *config,
			   struct cellhv_call *call)
{
	for (uint32_t i = 0; i < config->cpus.count; i++) {
		uint32_t number = config_cpu(config, i);
		const struct cpu *cpu = cpu_by_number(number);

		if (!cpu)
			return cell_refuse(call, -ENODEV, CELLHV_CHECK_CPU_NUMBER, number);
		if (!cell_is_root(cpu->cell))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_CPU_OWNED, number);
		if (cpu == self)
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_CPU_SELF, number);
	}
	return 0;
}

static int cell_check_resources(const struct cellhv_cell_config *config, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(config, i);

		if (region->phys + region->size > machine.phys_limit)
			return cell_refuse(call, -ERANGE, CELLHV_CHECK_MEMORY_RANGE, region->phys);
		if (!cell_root_may_give(region->phys, region->size))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_MEMORY_OWNED, region->phys);
	}
	return arch_check_ports(config, call);
}

static int cell_check(struct cpu *self, const struct cellhv_cell_config *config,
		      struct cellhv_call *call)
{
	int err = cell_check_locked(NULL, call);

	if (err)
		return err;

	for (struct cell *cell = cells; cell; cell = cell->next)
		if (memcmp(cell->name, config->name, sizeof(cell->name)) == 0)
			return cell_refuse(call, -EEXIST, CELLHV_CHECK_NAME_EXISTS, cell->id);

	err = cell_check_cpus(self, config, call);
	if (err)
		return err;

	err = cell_check_resources(config, call);
	if (err)
		return err;

	return link_check(config, call);
}

/* Nested page tables of the cell: its regions and the comm page, nothing else. */
static int cell_map(struct cell *cell)
{
	uint32_t access = PAGING_READ | PAGING_WRITE;
	int err;

	cell->memory = root_cell.memory;
	cell->memory.root = NULL;
	err = paging_init(&cell->memory);
	if (err)
		return err;

	for (uint32_t i = 0; i < cell->config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(cell->config, i);

		err = paging_map(&cell->memory, region->guest, region->phys, region->size,
				 region->flags & CELLHV_MEMORY_FLAGS);
		if (err < 0)
			return err;
	}
	err = paging_map(&cell->memory, cell->config->comm_address, machine_phys(cell->comm),
			 PAGE_SIZE, access);
	return err < 0 ? err : link_map(cell);
}

/* Takes a half-built cell too. */
static void cell_free(struct cell *cell)
{
	if (!cell)
		return;

	if (cell->memory.root)
		paging_destroy(&cell->memory);
	arch_release_ports(cell);
	link_free(cell);
	pool_free(&machine.pool, cell->console.data, CELL_CONSOLE_PAGES);
	pool_free(&machine.pool, cell->comm, 1);
	pool_free(&machine.pool, cell->config, cell->config_pages);
	pool_free(&machine.pool, cell, 1);
}

/* The configuration, copied once: only the copy is looked at from here on. */
static int cell_copy_config(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	struct config_error error = {0};
	uint64_t phys = call->create.config_phys;
	uint32_t size = call->create.config_size;

	if (size < sizeof(struct cellhv_cell_config) || size > CELLHV_CONFIG_MAX_SIZE)
		return cell_refuse(call, -EINVAL, CELLHV_CHECK_CONFIG_FORMAT, size);
	if (!cell_root_owns(phys, size))
		return cell_refuse(call, -EINVAL, CELLHV_CHECK_MEMORY_RANGE, phys);

	cell->config_pages = (size + (uint32_t)PAGE_SIZE - 1) / (uint32_t)PAGE_SIZE;
	cell->config = pool_alloc(&machine.pool, cell->config_pages);
	if (!cell->config)
		return -ENOMEM;

	window_copy_from(self, cell->config, phys, size);
	if (config_validate_cell(cell->config, size, machine.architecture, &error))
		return cell_refuse(call, -EINVAL, error.check, error.object);
	return 0;
}

static int cell_reserve(struct cell *cell)
{
	void *console;

	cell->comm = pool_alloc(&machine.pool, 1);
	console = pool_alloc(&machine.pool, CELL_CONSOLE_PAGES);
	if (console)
		ring_init(&cell->console, console, CELL_CONSOLE_PAGES * (uint32_t)PAGE_SIZE);
	if (!cell->comm || !console || arch_reserve_ports(cell) || link_reserve(cell))
		return -ENOMEM;
	return cell_map(cell);
}

/* Gives the first `count` regions back to the root. */
static int cell_return_memory(struct cpu *self, const struct cell *cell, uint32_t count,
			      struct cellhv_call *call)
{
	int err = 0;

	for (uint32_t i = 0; i < count && !err; i++) {
		const struct cellhv_memory_region *region = config_memory(cell->config, i);

		err = memory_set_root(self, region->phys, region->size, MEMORY_ROOT_ACCESS, call);
	}
	return err;
}

static int cell_take_memory(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	uint32_t count = cell->config->memory.count;

	for (uint32_t i = 0; i < count; i++) {
		const struct cellhv_memory_region *region = config_memory(cell->config, i);
		int err =
			memory_set_root(self, region->phys, region->size, MEMORY_ROOT_HIDDEN, call);

		if (err) {
			/* A silent CPU leaves this region taken: give it back too. */
			cell_return_memory(self, cell, i + 1, call);
			return err;
		}
	}
	return 0;
}

/* The first `count` CPUs, all parked, become the root's again and wait for its SIPI. */
static void cell_return_cpus(const struct cell *cell, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct cpu *cpu = cpu_by_number(config_cpu(cell->config, i));

		cpu_set_owner(cpu, &root_cell);
		cpu_request(cpu, CPU_REQUEST_RETURN);
		if (!cpu_await(cpu, CPU_REQUEST_RETURN))
			print("CPU %u does not answer\n", cpu->number);
	}
}

static int cell_take_cpus(struct cell *cell, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < cell->config->cpus.count; i++) {
		struct cpu *cpu = cpu_by_number(config_cpu(cell->config, i));

		cpu_request(cpu, CPU_REQUEST_PARK);
		if (!cpu_await(cpu, CPU_REQUEST_PARK)) {
			/* Still the root's: once it answers, it waits for SIPI like the others. */
			cpu_request(cpu, CPU_REQUEST_RETURN);
			cell_return_cpus(cell, i);
			return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, cpu->number);
		}
		cpu_set_owner(cpu, cell);
	}
	return 0;
}

static int cell_take(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	int err = cell_take_memory(self, cell, call);

	if (err)
		return err;

	err = link_commit(self, cell, call);
	if (!err) {
		err = cell_take_cpus(cell, call);
		if (!err)
			return 0;
		link_return_memory(self, cell, call);
		link_leave(cell);
	}
	cell_return_memory(self, cell, cell->config->memory.count, call);
	return err;
}

static int cell_commit(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	int err;

	/* Before its CPUs are its own: they are known by it. */
	cell->id = ++last_id;
	err = cell_take(self, cell, call);
	if (err)
		return err;

	arch_set_root_ports(cell, false);
	memcpy(cell->name, cell->config->name, sizeof(cell->name));
	cell->next = cells;
	cells = cell;
	return 0;
}

int cell_create(struct cpu *self, struct cellhv_call *call)
{
	struct cell *cell = pool_alloc(&machine.pool, 1);
	int err;

	_Static_assert(sizeof(*cell) <= PAGE_SIZE, "a cell fits a page");
	if (!cell)
		return cell_refuse(call, -ENOMEM, CELLHV_CHECK_POOL_EMPTY, 0);

	err = cell_copy_config(self, cell, call);
	if (!err)
		err = cell_check(self, cell->config, call);
	if (!err)
		err = cell_reserve(cell);
	if (!err)
		err = cell_commit(self, cell, call);
	if (err) {
		if (err == -ENOMEM)
			cell_refuse(call, err, CELLHV_CHECK_POOL_EMPTY,
				    pool_available(&machine.pool));
		cell_free(cell);
		return err;
	}

	call->create.id = cell->id;
	print("Created cell \"%s\", id %u: %u CPUs, %u memory regions\n", cell->name, cell->id,
	      cell->config->cpus.count, cell->config->memory.count);
	print("Page pool usage: %u of %u\n", machine.pool.used, machine.pool.pages);
	return 0;
}

int cell_start(struct cell *cell, struct cellhv_call *call)
{
	if (cell->started)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_STATE, cell_state(cell));
	if (!cell->initialised)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_NOT_SCRUBBED, cell->id);

	comm_reset(cell);
	link_start(cell);
	memset(&cell->failure, 0, sizeof(cell->failure));
	cell->failed = false;
	memset(cell->failed_cpus, 0, sizeof(cell->failed_cpus));
	cell->started = true;
	cell_soil(cell);
	/* One that runs already may signal those that do not yet. */
	for (uint32_t i = 0; i < cell->config->cpus.count; i++)
		cpu_set_owner(cpu_by_number(config_cpu(cell->config, i)), cell);
	for (uint32_t i = 0; i < cell->config->cpus.count; i++)
		cpu_request(cpu_by_number(config_cpu(cell->config, i)), CPU_REQUEST_RESET);
	print("Started cell \"%s\"\n", cell->name);
	return 0;
}

int cell_stop(struct cell *cell, struct cellhv_call *call)
{
	link_stop(cell);
	for (uint32_t i = 0; i < cell->config->cpus.count; i++)
		cpu_request(cpu_by_number(config_cpu(cell->config, i)), CPU_REQUEST_PARK);
	for (uint32_t i = 0; i < cell->config->cpus.count; i++) {
		struct cpu *cpu = cpu_by_number(config_cpu(cell->config, i));

		if (!cpu_await(cpu, CPU_REQUEST_PARK))
			return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, cpu->number);
	}
	if (cell->started)
		print("Stopped cell \"%s\"\n", cell->name);
	cell->started = false;
	return 0;
}

static void cell_unlink(const struct cell *cell)
{
	for (struct cell **link = &cells; *link; link = &(*link)->next) {
		if (*link == cell) {
			*link = cell->next;
			return;
		}
	}
}

int cell_destroy(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	int err = cell_check_locked(cell, call);

	if (err)
		return err;
	if (cell->started)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_STATE, cell_state(cell));
	if (!cell->scrubbed || link_unclean(cell))
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_NOT_SCRUBBED, cell->id);

	err = cell_return_memory(self, cell, cell->config->memory.count, call);
	if (!err)
		err = link_return_memory(self, cell, call);
	if (err == -ENOMEM)
		cell_refuse(call, err, CELLHV_CHECK_POOL_EMPTY, pool_available(&machine.pool));
	if (err)
		return err;

	cell_return_cpus(cell, cell->config->cpus.count);
	arch_set_root_ports(cell, true);
	link_leave(cell);
	cell_unlink(cell);
	print("Destroyed cell \"%s\"\n", cell->name);
	cell_free(cell);
	return 0;
}
