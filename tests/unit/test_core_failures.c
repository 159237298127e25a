/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each step of each call fails once, in every way it can: the pool has no more pages, a CPU does
 * not answer, a function of the root's cannot be changed. Then all is as before, and the call
 * succeeds.
 */
#include <stdlib.h>

#include "core.h"

#include "core/errno.h"

#define MOST 200u /* steps of a call that can fail */

/* What fails, at its n-th time. */
enum way { PAGES, SPREAD_PAGES, KICKS, CHANGES, STEPS, WAYS };

static uint32_t id;

static void fail_at(enum way way, unsigned n)
{
	if (way == PAGES || way == SPREAD_PAGES)
		fake_leave_pages(n - 1, way == SPREAD_PAGES);
	else if (way == KICKS)
		fake.silent_kick = fake.kicks + n;
	else if (way == CHANGES)
		fake.failing_change = fake.changes + n;
	else
		fake.failing_step = fake.unit_steps + n;
}

/* Whether the call came to the n-th. */
static bool came_to(enum way way, int err)
{
	if (way == KICKS)
		return fake.kicks >= fake.silent_kick;
	if (way == CHANGES)
		return fake.changes >= fake.failing_change;
	if (way == STEPS)
		return fake.unit_steps >= fake.failing_step;
	return err != 0;
}

static void explained(enum way way, int err)
{
	bool memory = way == PAGES || way == SPREAD_PAGES;

	CHECK_EQ(err, memory ? -ENOMEM : -ETIMEDOUT);
	CHECK_EQ(answer.error, err);
	CHECK_EQ(answer.check, memory	      ? CELLHV_CHECK_POOL_EMPTY
			       : way == STEPS ? CELLHV_CHECK_IOMMU_SILENT
					      : CELLHV_CHECK_CPU_SILENT);
}

/* The cells that there are stop and go; the machine is as it was at first. */
static void clean_up(const struct snapshot *empty)
{
	while (cells)
		end(cells->id);
	snapshot_expect(empty);
}

/* A failed destroy has begun: CPUs and lists are as before, memory is where it is. */
enum result { RESTORED, ENDING, HALF };

struct scenario {
	void (*linux_does)(void); /* before all else */
	void (*prepare)(void);
	int (*call)(void);
	enum result result;
};

static unsigned try_one(const struct scenario *scenario, enum way way, unsigned n)
{
	struct snapshot *empty, *before;
	bool reached;
	int err;

	fake_boot(5);
	scenario->linux_does();
	fake_run();
	empty = snapshot_take();
	scenario->prepare();
	fake_run();
	before = snapshot_take();
	fail_at(way, n);
	err = scenario->call();
	reached = came_to(way, err);
	if (err)
		explained(way, err);
	fake_return_pages();
	fake_mend();
	fake_check();
	if (err && scenario->result == RESTORED)
		snapshot_expect(before);
	if (err && scenario->result == ENDING)
		CHECK(cell_by_id(id) && cell_by_id(id)->ending);
	if (err)
		CHECK_EQ(scenario->call(), 0);
	fake_run();
	clean_up(empty);
	free(before);
	free(empty);
	return reached;
}

/* Returns how often a call of that kind can fail. */
static unsigned try_all(const struct scenario *scenario, enum way way)
{
	unsigned n = 1;

	while (try_one(scenario, way, n))
		CHECK(n++ < MOST);
	return n - 1;
}

static void nothing(void)
{
}

static int create_plain(void)
{
	return create(&plain);
}

static int create_rich(void)
{
	return create(&rich);
}

static int create_peer(void)
{
	return create(&peer);
}

static int create_other(void)
{
	return create(&other);
}

static void have_rich(void)
{
	id = make_clean(&rich);
}

static void have_both(void)
{
	make_clean(&peer);
	id = make_clean(&rich);
}

static void have_running(void)
{
	run(&peer);
	id = run(&rich);
}

/* Linux uses its CPUs: what interrupts them costs it something, and they answer all the same. */
static void keep_busy(void)
{
	for (unsigned i = 1; i < 5; i++)
		cpu_signal(cpus[i], &root_cell, 0, FAKE_SIGNAL_START);
	fake_run();
	cpu_signal(cpus[3], &root_cell, 0, FAKE_SIGNAL_STOP);
	cpu_signal(cpus[2], &root_cell, 0, FAKE_SIGNAL_STOP);
}

static int start(void)
{
	return op_cell(CELLHV_OP_CELL_START, id);
}

static int stop(void)
{
	return op_cell(CELLHV_OP_CELL_STOP, id);
}

static int destroy(void)
{
	return op_cell(CELLHV_OP_CELL_DESTROY, id);
}

static void try_ways(const struct scenario *scenario, bool memory, bool kicks, bool functions)
{
	CHECK_EQ(try_all(scenario, PAGES) > 0, memory);
	CHECK_EQ(try_all(scenario, SPREAD_PAGES) > 0, memory);
	CHECK_EQ(try_all(scenario, KICKS) > 0, kicks);
	CHECK_EQ(try_all(scenario, CHANGES) > 0, functions);
}

TEST(create_fails)
{
	try_ways(&(struct scenario){nothing, nothing, create_plain, RESTORED}, true, true, false);
	try_ways(&(struct scenario){keep_busy, nothing, create_other, RESTORED}, true, true, false);
}

TEST(create_with_links_fails)
{
	try_ways(&(struct scenario){nothing, nothing, create_rich, RESTORED}, true, true, true);
}

TEST(create_that_joins_links_fails)
{
	try_ways(&(struct scenario){nothing, have_rich, create_peer, RESTORED}, true, true, false);
}

TEST(start_does_not_fail)
{
	try_ways(&(struct scenario){nothing, have_both, start, RESTORED}, false, true, false);
}

TEST(stop_fails)
{
	try_ways(&(struct scenario){nothing, have_running, stop, HALF}, false, true, false);
}

TEST(destroy_fails)
{
	try_ways(&(struct scenario){nothing, have_rich, destroy, ENDING}, false, true, true);
	try_ways(&(struct scenario){nothing, have_both, destroy, ENDING}, false, true, false);
}

/* Giving back splits what cells side by side had made one. */
static struct wanted slice(const char *name, unsigned n)
{
	struct wanted wanted = {
		.name = name,
		.entry = 0,
		.memory = {{.phys = 0x400000 + n * 0x100000, .size = 0x100000, .flags = 7}},
		.comm = 0x400000,
		.num_cpus = 1,
		.cpus = {1 + n}};

	return wanted;
}

static void have_slices(void)
{
	struct wanted one = slice("one", 0), two = slice("two", 1);

	make_clean(&one);
	id = make_clean(&two);
}

TEST(destroy_lacks_a_table)
{
	try_ways(&(struct scenario){nothing, have_slices, destroy, ENDING}, true, true, false);
}

static const struct wanted device = {
	.name = "device",
	.entry = 0x1000,
	.memory = {{.phys = 0x400000, .guest = 0, .size = 0x2000, .flags = 7}},
	.num_cpus = 1,
	.cpus = {1},
	.functions = {FAKE_NVME, FAKE_NIC},
};

static int create_device(void)
{
	return create(&device);
}

static void have_device(void)
{
	id = make_clean(&device);
}

static void take_unit(void)
{
	fake_boot_units(5, 1);
	CHECK_EQ(op(CELLHV_OP_IOMMU_TAKE), 0);
}

/* Steps of an IOMMU among them. */
TEST(create_with_functions_fails)
{
	const struct scenario scenario = {take_unit, nothing, create_device, RESTORED};

	try_ways(&scenario, true, true, true);
	CHECK(try_all(&scenario, STEPS) > 0);
}

TEST(destroy_with_functions_fails)
{
	const struct scenario scenario = {take_unit, have_device, destroy, ENDING};

	try_ways(&scenario, false, true, true);
	CHECK(try_all(&scenario, STEPS) > 0);
}
