/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/comm.h"

#include "core/arch.h"
#include "core/errno.h"
#include "core/machine.h"
#include "core/resource.h"
#include "core/string.h"

static bool comm_is_legacy(const struct cell *cell)
{
	return cell->config->comm_revision == CELLHV_COMM_LEGACY;
}

static void comm_fill(struct cell *cell, struct cellhv_comm *comm)
{
	const struct cellhv_cell_config *config = cell->config;

	memcpy(comm->signature, CELLHV_COMM_SIGNATURE, sizeof(comm->signature));
	comm->revision = config->comm_revision;
	if (config->flags & CELLHV_CELL_CONSOLE_VIRTUAL)
		comm->flags = CELLHV_COMM_FLAG_CONSOLE_PERMITTED | CELLHV_COMM_FLAG_CONSOLE_ACTIVE;
	_Static_assert(sizeof(comm->console) == sizeof(config->console), "same layout");
	memcpy(&comm->console, &config->console, sizeof(comm->console));
}

static int comm_check(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	uint64_t address = cell->config->comm_address;

	(void)self;
	if (!paging_can_map(&root_cell.memory, address, PAGE_SIZE))
		return cell_refuse(call, -EINVAL, CELLHV_CHECK_CONFIG_COMM, address);
	return 0;
}

static int comm_reserve(struct cell *cell)
{
	void *console = pool_alloc(&machine.pool, CELL_CONSOLE_PAGES);
	int err;

	if (console)
		ring_init(&cell->console, console, CELL_CONSOLE_PAGES * (uint32_t)PAGE_SIZE);
	cell->comm = pool_alloc(&machine.pool, 1);
	if (!console || !cell->comm)
		return -ENOMEM;

	err = paging_map(&cell->memory, cell->config->comm_address, machine_phys(cell->comm),
			 PAGE_SIZE, PAGING_READ | PAGING_WRITE);
	return err < 0 ? err : 0;
}

static void comm_release(struct cell *cell)
{
	pool_free(&machine.pool, cell->comm, 1);
	pool_free(&machine.pool, cell->console.data, CELL_CONSOLE_PAGES);
}

static void comm_start(struct cell *cell)
{
	memset(cell->comm, 0, PAGE_SIZE);
	if (!comm_is_legacy(cell))
		comm_fill(cell, cell->comm);
	arch_fill_comm(cell);
}

/* The fields that both layouts have, at different offsets. */
static volatile uint32_t *comm_field(const struct cell *cell, size_t legacy_offset, size_t offset)
{
	return (volatile uint32_t *)((uint8_t *)cell->comm +
				     (comm_is_legacy(cell) ? legacy_offset : offset));
}

#define COMM_FIELD(cell, member)                                                \
	comm_field(cell, __builtin_offsetof(struct cellhv_comm_legacy, member), \
		   __builtin_offsetof(struct cellhv_comm, member))

uint32_t comm_state(const struct cell *cell)
{
	return *COMM_FIELD(cell, cell_state);
}

static const struct comm_report comm_reports[] = {
	[CELLHV_COMM_RUNNING] = {CELLHV_STATE_RUNNING, CELLHV_FAILURE_NONE, 0},
	[CELLHV_COMM_LOCKED] = {CELLHV_STATE_LOCKED, CELLHV_FAILURE_NONE, 0},
	[CELLHV_COMM_SHUT_DOWN] = {CELLHV_STATE_SHUT_DOWN, CELLHV_FAILURE_NONE, 0},
	[CELLHV_COMM_FAILED] = {CELLHV_STATE_FAILED, CELLHV_FAILURE_GUEST, 0},
	[CELLHV_COMM_WRONG_REVISION] = {CELLHV_STATE_FAILED, CELLHV_FAILURE_REVISION, 0},
};

struct comm_report comm_report(const struct cell *cell)
{
	uint32_t word = comm_state(cell);
	struct comm_report report = {CELLHV_STATE_FAILED, CELLHV_FAILURE_STATE, word};

	if (word < sizeof(comm_reports) / sizeof(*comm_reports))
		report = comm_reports[word];
	if (report.reason == CELLHV_FAILURE_REVISION)
		report.address = cell->config->comm_revision;
	return report;
}

uint32_t comm_reply(const struct cell *cell)
{
	return *COMM_FIELD(cell, reply);
}

void comm_send(struct cell *cell, uint32_t message)
{
	/* The old answer goes first, so that what is there afterwards answers this message. */
	*COMM_FIELD(cell, reply) = CELLHV_REPLY_NONE;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	*COMM_FIELD(cell, message) = message;
}

static void comm_fail(struct cell *cell)
{
	*COMM_FIELD(cell, cell_state) = CELLHV_COMM_FAILED;
}

const struct resource comm_resource = {
	.check = comm_check,
	.reserve = comm_reserve,
	.start = comm_start,
	.fail = comm_fail,
	.release = comm_release,
};
