/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a cell over kinds of resources that are made up: who is called, and in what order. */
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/comm.h"
#include "core/errno.h"
#include "core/machine.h"
#include "core/print.h"
#include "core/resource.h"
#include "core/window.h"

#define KINDS 3

static char calls[64]; /* verb and kind of each call */
static char fails[3];  /* the one that fails */
static uint64_t left[KINDS];
static _Alignas(4096) uint8_t block[CELLHV_MEMORY_SIZE];

int cpu_check_lost(const struct cell *cell, struct cellhv_call *call)
{
	(void)cell, (void)call;
	return 0;
}

static unsigned audit_steps; /* that are left of an audit */

void iommu_audit_begin(void)
{
}

bool iommu_audit_owed(void)
{
	return audit_steps;
}

void iommu_audit_step(struct cpu *self, unsigned pages)
{
	(void)self;
	CHECK(pages <= 64);
	audit_steps--;
}

static int called(char verb, unsigned kind)
{
	char call[] = {verb, (char)('0' + kind), 0};

	strcat(calls, call);
	return strcmp(call, fails) == 0 ? -ENOMEM : 0;
}

#define VERBS(kind)                                                                                \
	static int check_##kind(struct cpu *self, const struct cell *cell,                         \
				struct cellhv_call *call)                                          \
	{                                                                                          \
		(void)self, (void)cell, (void)call;                                                \
		return called('c', kind);                                                          \
	}                                                                                          \
	static int reserve_##kind(struct cell *cell)                                               \
	{                                                                                          \
		(void)cell;                                                                        \
		return called('r', kind);                                                          \
	}                                                                                          \
	static int take_##kind(struct cpu *self, struct cell *cell, struct cellhv_call *call)      \
	{                                                                                          \
		(void)self, (void)cell, (void)call;                                                \
		return called('t', kind);                                                          \
	}                                                                                          \
	static int give_back_##kind(struct cpu *self, struct cell *cell, struct cellhv_call *call) \
	{                                                                                          \
		(void)self, (void)cell, (void)call;                                                \
		return called('g', kind);                                                          \
	}                                                                                          \
	static void start_##kind(struct cell *cell)                                                \
	{                                                                                          \
		(void)cell;                                                                        \
		called('s', kind);                                                                 \
	}                                                                                          \
	static int stop_##kind(struct cell *cell, struct cellhv_call *call)                        \
	{                                                                                          \
		(void)cell, (void)call;                                                            \
		return called('p', kind);                                                          \
	}                                                                                          \
	static void drop_##kind(struct cell *cell)                                                 \
	{                                                                                          \
		(void)cell;                                                                        \
		called('d', kind);                                                                 \
	}                                                                                          \
	static void release_##kind(struct cell *cell)                                              \
	{                                                                                          \
		(void)cell;                                                                        \
		called('f', kind);                                                                 \
	}                                                                                          \
	static uint64_t unclean_##kind(const struct cell *cell)                                    \
	{                                                                                          \
		(void)cell;                                                                        \
		return left[kind];                                                                 \
	}                                                                                          \
	static uint64_t scrub_##kind(struct cpu *self, struct cell *cell, uint64_t bytes)          \
	{                                                                                          \
		uint64_t done = bytes < left[kind] ? bytes : left[kind];                           \
                                                                                                   \
		(void)self, (void)cell;                                                            \
		left[kind] -= done;                                                                \
		return done;                                                                       \
	}                                                                                          \
	static const struct resource kind_##kind = {.check = check_##kind,                         \
						    .reserve = reserve_##kind,                     \
						    .take = take_##kind,                           \
						    .start = start_##kind,                         \
						    .stop = stop_##kind,                           \
						    .give_back = give_back_##kind,                 \
						    .drop = drop_##kind,                           \
						    .release = release_##kind,                     \
						    .unclean = unclean_##kind,                     \
						    .scrub = scrub_##kind};

VERBS(0)
VERBS(1)
VERBS(2)
static const struct resource nothing;

const struct resource *const arch_resources[] = {&kind_0, &nothing, &kind_1, &kind_2};
const unsigned arch_resource_count = 4;

void pool_broken(const struct page_pool *pool, const void *pages)
{
	(void)pool, (void)pages;
	abort();
}

void print(const char *format, ...)
{
	(void)format;
}

struct comm_report comm_report(const struct cell *cell)
{
	(void)cell;
	return (struct comm_report){.state = CELLHV_STATE_RUNNING};
}

bool arch_pci_took(uint64_t phys, uint64_t size)
{
	(void)phys, (void)size;
	return false;
}

bool arch_keeps(uint64_t phys, uint64_t size)
{
	(void)phys, (void)size;
	return false;
}

bool iommu_took(uint64_t phys, uint64_t size)
{
	(void)phys, (void)size;
	return false;
}

bool iommu_follows(uint64_t phys, uint64_t size)
{
	(void)phys, (void)size;
	return false;
}

bool iommu_keeps(uint64_t phys, uint64_t size)
{
	(void)phys, (void)size;
	return false;
}

void window_copy_from(struct cpu *self, void *destination, uint64_t phys, size_t size)
{
	(void)self, (void)phys;
	memset(destination, 'x', size);
	((struct cellhv_cell_config *)destination)->pins.count = 0;
}

int config_validate_cell(const void *data, size_t size, uint16_t architecture,
			 struct config_error *error)
{
	(void)data, (void)size, (void)architecture, (void)error;
	return 0;
}

static struct cellhv_call call;

static int create(const char *failing)
{
	strcpy(fails, failing);
	calls[0] = 0;
	call = (struct cellhv_call){.create = {.config_phys = 0x1000,
					       .config_size = sizeof(struct cellhv_cell_config)}};
	return cell_create(NULL, &call);
}

static void build(void)
{
	machine.phys_limit = 1ull << 40;
	machine_set_block(1ull << 30, block, block);
	cells = NULL;
	left[0] = left[2] = 3ull << 20;
	left[1] = 0;
}

/* The call did this, and nothing of a cell is left. */
static void expect_undone(const char *expected)
{
	CHECK(strcmp(calls, expected) == 0);
	CHECK_EQ(call.check, CELLHV_CHECK_POOL_EMPTY);
	CHECK_EQ(machine.pool.used, 0);
	CHECK(!cells);
}

TEST(kinds_are_taken_in_order)
{
	build();
	CHECK_EQ(create(""), 0);
	CHECK(strcmp(calls, "c0c1c2r0r1r2t0t1t2") == 0);
	CHECK(cells && cells->id == call.create.id);
	CHECK_EQ(cell_count(), 1);
}

TEST(each_step_that_fails_is_undone_backwards)
{
	static const struct {
		const char *fails, *calls;
	} steps[] = {
		{"c0", "c0f2f1f0"},
		{"c2", "c0c1c2f2f1f0"},
		{"r0", "c0c1c2r0f2f1f0"},
		{"r2", "c0c1c2r0r1r2f2f1f0"},
		{"t0", "c0c1c2r0r1r2t0f2f1f0"},
		{"t1", "c0c1c2r0r1r2t0t1g0d0f2f1f0"},
		{"t2", "c0c1c2r0r1r2t0t1t2g1g0d1d0f2f1f0"},
	};

	build();
	for (unsigned i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		CHECK_EQ(create(steps[i].fails), -ENOMEM);
		expect_undone(steps[i].calls);
	}
}

/* A cell that is zero, and nothing has been called since. */
static struct cell *ready(void)
{
	build();
	CHECK_EQ(create(""), 0);
	while (call.scrub.remaining || !cells->scrubbed)
		CHECK_EQ(cell_scrub(NULL, cells, &call), 0);
	call = (struct cellhv_call){0};
	calls[0] = 0;
	return cells;
}

TEST(zeroing_goes_in_steps_over_all_kinds)
{
	build();
	CHECK_EQ(create(""), 0);
	for (uint64_t todo = 4ull << 20; todo; todo -= 2ull << 20) {
		CHECK_EQ(cell_scrub(NULL, cells, &call), 0);
		CHECK_EQ(call.scrub.remaining, todo);
		CHECK(!cells->initialised && !cells->scrubbed);
	}
	CHECK_EQ(cell_scrub(NULL, cells, &call), 0);
	CHECK_EQ(call.scrub.remaining, 0);
	CHECK(cells->initialised && cells->scrubbed);
}

/* Devices that Linux's tables lead to its memory are found first: nothing is zeroed before. */
TEST(zeroing_waits_for_an_audit)
{
	build();
	CHECK_EQ(create(""), 0);
	for (audit_steps = 3; audit_steps;) {
		CHECK_EQ(cell_scrub(NULL, cells, &call), 0);
		CHECK_EQ(call.scrub.remaining, 6ull << 20);
		CHECK(!cells->scrubbed);
	}
	while (call.scrub.remaining)
		CHECK_EQ(cell_scrub(NULL, cells, &call), 0);
	CHECK(cells->initialised && cells->scrubbed);
	audit_steps = 1; /* of another cell's: this one's memory has been its own since */
	CHECK_EQ(cell_scrub(NULL, cells, &call), 0);
	CHECK_EQ(audit_steps, 1);
	audit_steps = 0;
}

TEST(start_forwards_and_stop_backwards)
{
	struct cell *cell = ready();

	CHECK_EQ(cell_start(cell, &call), 0);
	CHECK(strcmp(calls, "s0s1s2") == 0);
	CHECK_EQ(cell_start(cell, &call), -EBUSY);
	strcpy(fails, "p1");
	CHECK_EQ(cell_stop(cell, &call), -ENOMEM);
	CHECK(strcmp(calls, "s0s1s2p2p1") == 0);
	CHECK(cell->started);
	fails[0] = calls[0] = 0;
	CHECK_EQ(cell_stop(cell, &call), 0);
	CHECK(strcmp(calls, "p2p1p0") == 0);
	CHECK(!cell->started && !cell->scrubbed);
}

TEST(all_is_given_back_before_anything_is_dropped)
{
	struct cell *cell = ready();

	CHECK_EQ(cell_destroy(NULL, cell, &call), 0);
	CHECK(strcmp(calls, "g2g1g0d2d1d0f2f1f0") == 0);
	CHECK(!cells);
	CHECK_EQ(machine.pool.used, 0);
}

/* The root may reach some of its memory already. */
TEST(a_cell_that_could_not_be_destroyed_does_not_run_again)
{
	struct cell *cell = ready();

	strcpy(fails, "g1");
	CHECK_EQ(cell_destroy(NULL, cell, &call), -ENOMEM);
	CHECK_EQ(call.check, CELLHV_CHECK_POOL_EMPTY);
	CHECK(strcmp(calls, "g2g1") == 0);
	CHECK(cells == cell);
	fails[0] = calls[0] = 0;
	CHECK_EQ(cell_start(cell, &call), -EBUSY);
	CHECK(!calls[0] && !cell->started);
	CHECK_EQ(cell_destroy(NULL, cell, &call), 0);
	CHECK(strcmp(calls, "g2g1g0d2d1d0f2f1f0") == 0);
	CHECK(!cells);
}

TEST(the_first_failure_counts)
{
	const struct cellhv_failure first = {.reason = CELLHV_FAILURE_PORT, .address = 0x61};
	const struct cellhv_failure second = {.reason = CELLHV_FAILURE_MSR};
	struct cell cell = {.id = 1};

	cell_fail(&cell, &first);
	cell_fail(&cell, &second);
	CHECK(cell.failed);
	CHECK_EQ(cell.failure.reason, CELLHV_FAILURE_PORT);
	CHECK_EQ(cell.failure.address, 0x61);
}
