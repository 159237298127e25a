/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each step of the units' drivers fails, alone or with all that follow: nothing that a unit may use
 * is freed, nobody says that devices are confined, and what is stuck can be given back later.
 */
#include <stdlib.h>

#include "core.h"

#include "core/errno.h"
#include "core/iommu.h"
#include "core/memory.h"

static int create_rich(void)
{
	return create(&rich);
}

static int destroy_first(void)
{
	return op_cell(CELLHV_OP_CELL_DESTROY, cells->id);
}

static void nothing(void)
{
}

static void have_taken(void)
{
	CHECK_EQ(take(), 0);
}

static void have_cell(void)
{
	have_taken();
	make_clean(&peer);
	make_clean(&rich);
}

struct scenario {
	void (*prepare)(void);
	int (*call)(void);
	bool restored; /* all is as before; else the call goes on where it was */
};

/* What fails, at its n-th time; from the n-th on; or so many pages are left. */
enum way { STEPS, DEATH, TABLES, PAGES };

static void fail_at(enum way way, unsigned n)
{
	if (way == STEPS)
		fake.failing_step = fake.unit_steps + n;
	else if (way == DEATH)
		fake.dead_step = fake.unit_steps + n;
	else if (way == TABLES)
		fake_leave_tables(n - 1);
	else
		fake_leave_pages(n - 1, false);
}

static bool came_to(enum way way, int err)
{
	if (way == STEPS)
		return fake.unit_steps >= fake.failing_step;
	return way == DEATH ? fake.unit_steps >= fake.dead_step : err != 0;
}

/* The number of one; -1: none is. */
static int stuck(void)
{
	struct cellhv_call call = {0};

	return iommu_check_stuck(&call) ? (int)call.object : -1;
}

/* What a unit that is stuck has, and what devices do, is unknown: nothing new begins. */
static void expect_stuck(void)
{
	int unit = stuck();
	struct iommu_access access = {.size = 4, .value = 5};

	CHECK_EQ(op(CELLHV_OP_INFO), 0);
	CHECK_EQ(answer.info.dma, CELLHV_DMA_OPEN);
	CHECK_EQ(answer.info.interrupts, CELLHV_INTERRUPTS_OPEN);
	EXPECT(create(&plain), -ETIMEDOUT, IOMMU_SILENT, (unsigned)unit);
	if (!cells) {
		EXPECT(take(), -ETIMEDOUT, IOMMU_SILENT, (unsigned)unit);
		EXPECT(op(CELLHV_OP_DISABLE), -ETIMEDOUT, IOMMU_SILENT, (unsigned)unit);
	}
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	CHECK(iommu_access(cpus[0], iommu_at(FAKE_UNITS + unit * PAGE_SIZE), &access));
	CHECK_EQ(access.value, 0);
}

static void explained(enum way way, int err)
{
	bool silent = way == STEPS || way == DEATH;

	CHECK_EQ(err, silent ? -ETIMEDOUT : -ENOMEM);
	CHECK_EQ(answer.error, err);
	CHECK_EQ(answer.check, silent ? CELLHV_CHECK_IOMMU_SILENT : CELLHV_CHECK_POOL_EMPTY);
}

/* Whether it came to the n-th. */
static bool try_one(const struct scenario *scenario, enum way way, unsigned n)
{
	struct snapshot *before;
	bool came;
	int err;

	fake_boot_units(5, 3);
	scenario->prepare();
	fake_run();
	before = snapshot_take();
	fail_at(way, n);
	err = scenario->call();
	came = came_to(way, err);
	if (err)
		explained(way, err);
	fake_return_pages();
	if (stuck() >= 0)
		expect_stuck();
	fake_mend();
	fake_check();
	if (err && stuck() < 0 && scenario->restored)
		snapshot_expect(before);
	if (stuck() >= 0)
		CHECK_EQ(leave(), 0);
	if (err)
		CHECK_EQ(scenario->call(), 0);
	free(before);
	return came;
}

static unsigned try_all(const struct scenario *scenario, enum way way)
{
	unsigned n = 1;

	while (try_one(scenario, way, n))
		CHECK(n++ < 200);
	return n - 1;
}

static void nothing_left(void)
{
	while (cells)
		end(cells->id);
	CHECK_EQ(leave(), 0);
	CHECK_EQ(op(CELLHV_OP_INFO), 0);
	CHECK_EQ(answer.info.tables_used, 0);
	for (unsigned i = 0; i < 3; i++)
		CHECK(memory_root_reaches(FAKE_UNITS + i * PAGE_SIZE));
}

TEST(take_fails)
{
	const struct scenario scenario = {nothing, take, true};

	CHECK(try_all(&scenario, STEPS) >= 9);
	nothing_left();
	CHECK(try_all(&scenario, DEATH) >= 9);
	nothing_left();
	CHECK(try_all(&scenario, TABLES) >= 8);
	nothing_left();
}

/* The others are Linux's all the same. */
TEST(leave_fails)
{
	const struct scenario scenario = {have_taken, leave, false};

	CHECK_EQ(try_all(&scenario, STEPS), 6);
	nothing_left();
	CHECK_EQ(try_all(&scenario, DEATH), 6);
	nothing_left();
	boot_taken();
	fake.failing_step = fake.unit_steps + 4; /* the second one is half Linux's */
	EXPECT(leave(), -ETIMEDOUT, IOMMU_SILENT, 1);
	CHECK(memory_root_reaches(FAKE_UNITS) && !iommu_at(FAKE_UNITS));
	CHECK(!memory_root_reaches(FAKE_UNITS + PAGE_SIZE));
	CHECK(memory_root_reaches(FAKE_UNITS + 2 * PAGE_SIZE));
	nothing_left();
}

TEST(create_fails)
{
	const struct scenario scenario = {have_taken, create_rich, true};

	CHECK(try_all(&scenario, STEPS) >= 6);
	nothing_left();
	CHECK(try_all(&scenario, DEATH) >= 6);
	nothing_left();
	CHECK(try_all(&scenario, TABLES) >= 1);
	CHECK(try_all(&scenario, PAGES) >= 10);
	nothing_left();
}

TEST(destroy_fails)
{
	const struct scenario scenario = {have_cell, destroy_first, false};

	CHECK(try_all(&scenario, STEPS) >= 3);
	CHECK(try_all(&scenario, DEATH) >= 3);
	nothing_left();
}

/* Its tables stay, whoever has gone, for a unit that has not forgotten them; and so for all n. */
TEST(units_die_while_a_cell_comes)
{
	for (unsigned n = 1; n <= 5; n++) {
		struct cell *cell;
		const uint64_t *root;

		boot_taken();
		cell = cell_by_id(run(&rich));
		CHECK_EQ(iommu_make_domain(cell), 0);
		root = cell->dma.tables.root;
		answer = (struct cellhv_call){0};
		fake.dead_step = fake.unit_steps + n;
		if (!iommu_attach(cpus[0], FUNCTION, cell, &answer))
			CHECK(n == 5 && iommu_attach(cpus[0], FUNCTION + 1, cell, &answer));
		CHECK_EQ(answer.check, CELLHV_CHECK_IOMMU_SILENT);
		iommu_free_domain(cell);
		CHECK(!iommu_owner(FUNCTION) && !iommu_owner(FUNCTION + 1));
		CHECK(stuck() >= 0);
		expect_stuck();
		CHECK(machine.tables.retired);
		while (pool_alloc(&machine.tables, 1))
			;
		CHECK(*root);
	}
}
