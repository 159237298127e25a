/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cells: their making, life and end. Each step checks everything, then reserves, then commits; what
 * was reserved goes back where a later step fails. What a cell owns is in core/resource.h.
 */
#include "core/cell.h"

#include "core/arch.h"
#include "core/comm.h"
#include "core/errno.h"
#include "core/iommu.h"
#include "core/machine.h"
#include "core/print.h"
#include "core/resource.h"
#include "core/string.h"
#include "core/window.h"

/* One call keeps its CPU for this much at most. */
#define SCRUB_STEP (2ull << 20)
#define AUDIT_STEP 64u /* pages of tables */

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
	if (__atomic_load_n(&cell->ended, __ATOMIC_ACQUIRE))
		return CELLHV_STATE_SHUT_DOWN;

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

void cell_fail(struct cell *cell, const struct cellhv_failure *failure)
{
	if (__atomic_exchange_n(&cell->failed, true, __ATOMIC_SEQ_CST))
		return;
	cell->failure = *failure;
	if (!cell_is_root(cell))
		resource_fail(cell);
}

bool cell_root_owns(uint64_t phys, uint64_t size)
{
	return phys + size > phys && phys + size <= machine.phys_limit &&
	       !machine_owns(phys, size) && !resource_owns_memory(phys, size) &&
	       !arch_pci_took(phys, size) && !iommu_took(phys, size);
}

bool cell_root_may_give(uint64_t phys, uint64_t size)
{
	return cell_root_owns(phys, size) && !arch_keeps(phys, size) && !iommu_keeps(phys, size) &&
	       !iommu_follows(phys, size);
}

/* A cell that says "locked" forbids this; `except` may be NULL. */
static int cell_check_locked(const struct cell *except, struct cellhv_call *call)
{
	for (struct cell *cell = cells; cell; cell = cell->next)
		if (cell != except && cell_state(cell) == CELLHV_STATE_LOCKED)
			return cell_refuse(call, -EPERM, CELLHV_CHECK_CELL_LOCKED, cell->id);
	return 0;
}

static int cell_check(struct cpu *self, const struct cell *wanted, struct cellhv_call *call)
{
	int err = cell_check_locked(NULL, call);

	if (err)
		return err;

	for (struct cell *cell = cells; cell; cell = cell->next)
		if (memcmp(cell->name, wanted->config->name, sizeof(cell->name)) == 0)
			return cell_refuse(call, -EEXIST, CELLHV_CHECK_NAME_EXISTS, cell->id);

	return resource_check(self, wanted, call);
}

/* Takes a half-built cell too. */
static void cell_free(struct cell *cell)
{
	resource_release(cell);
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

static int cell_commit(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	int err;

	/* Before its CPUs are its own: they are known by it. */
	cell->id = ++last_id;
	err = resource_take(self, cell, call);
	if (err)
		return err;

	memcpy(cell->name, cell->config->name, sizeof(cell->name));
	cell->next = cells;
	cells = cell;
	iommu_audit_begin();
	return 0;
}

static int cell_make(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	int err = cell_copy_config(self, cell, call);

	if (!err)
		err = cell_check(self, cell, call);
	if (!err)
		err = resource_reserve(cell);
	return err ? err : cell_commit(self, cell, call);
}

/* The pool has no more, whatever it was for. */
static int cell_refuse_pool(struct cellhv_call *call, int err)
{
	return err == -ENOMEM ? cell_refuse(call, err, CELLHV_CHECK_POOL_EMPTY,
					    pool_available(&machine.pool))
			      : err;
}

int cell_create(struct cpu *self, struct cellhv_call *call)
{
	struct cell *cell = pool_alloc(&machine.pool, 1);
	int err;

	_Static_assert(sizeof(*cell) <= PAGE_SIZE, "a cell fits a page");
	if (!cell)
		return cell_refuse(call, -ENOMEM, CELLHV_CHECK_POOL_EMPTY, 0);

	err = cell_refuse_pool(call, cell_make(self, cell, call));
	if (err) {
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
	int err;

	if (cell->started || cell->ending)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_STATE, cell_state(cell));
	if (!cell->initialised)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_NOT_SCRUBBED, cell->id);
	err = cpu_check_lost(cell, call);
	if (err)
		return err;

	memset(&cell->failure, 0, sizeof(cell->failure));
	cell->failed = false;
	cell->ended = CELL_GOES_ON;
	memset(cell->failed_cpus, 0, sizeof(cell->failed_cpus));
	cell->started = true;
	cell_soil(cell);
	resource_start(cell);
	print("Started cell \"%s\"\n", cell->name);
	return 0;
}

int cell_stop(struct cell *cell, struct cellhv_call *call)
{
	int err;

	/* A park that a silent CPU still has to do would come behind the next start. */
	if (!cell->started)
		return 0;
	err = resource_stop(cell, call);
	if (err)
		return err;
	print("Stopped cell \"%s\"\n", cell->name);
	cell->started = false;
	return 0;
}

int cell_scrub(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	if (cell->started)
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_STATE, cell_state(cell));

	/* Nothing is zero for good before devices are known not to reach it. */
	if (!cell->initialised && iommu_audit_owed())
		iommu_audit_step(self, AUDIT_STEP);
	else
		resource_scrub(self, cell, SCRUB_STEP);
	call->scrub.remaining = resource_unclean(cell);
	if (!call->scrub.remaining) {
		cell->scrubbed = true;
		cell->initialised = true;
	}
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
	if (!cell->scrubbed || resource_unclean(cell))
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_CELL_NOT_SCRUBBED, cell->id);

	cell->ending = true;
	err = cell_refuse_pool(call, resource_give_back(self, cell, call));
	if (err)
		return err;

	resource_drop(cell);
	cell_unlink(cell);
	print("Destroyed cell \"%s\"\n", cell->name);
	cell_free(cell);
	return 0;
}
