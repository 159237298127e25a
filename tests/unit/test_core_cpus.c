/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CPUs that come, go, wait for each other, are late or silent; and two that make calls at once. */
#include <stdlib.h>

#include "core.h"

#include "core/arch.h"
#include "core/errno.h"

static int release(unsigned cpu)
{
	answer.cpu = cpu;
	return op(CELLHV_OP_RELEASE_CPU);
}

static void start_cpu(unsigned cpu)
{
	cpu_signal(cpus[cpu], &root_cell, 0, FAKE_SIGNAL_START);
	fake_run();
}

TEST(disable)
{
	fake_boot(2);
	CHECK_EQ(op(CELLHV_OP_DISABLE), 0);
	CHECK(!cpus[0]->present && cpus[0]->leaving);
	CHECK_EQ(answer.error, 0);

	/* The other one goes as well, and makes no cell meanwhile. */
	answer.op = CELLHV_OP_CELL_CREATE;
	answer.size = sizeof(answer);
	EXPECT(fake_call(1, &answer), -ENODEV, CPUS_OUTSIDE, 2);
	answer.op = CELLHV_OP_DISABLE;
	CHECK_EQ(fake_call(1, &answer), 0);
	CHECK(!cpus[1]->present);
}

TEST(release_of_cpus)
{
	fake_boot(4);
	start_cpu(2);
	EXPECT(release(0), -EBUSY, CPU_SELF, 0);
	EXPECT(release(4), -ENODEV, CPU_NUMBER, 4);
	CHECK_EQ(release(1), 0);
	CHECK(!cpus[1]->present);
	EXPECT(release(1), -ENODEV, CPU_NUMBER, 1);
	CHECK_EQ(release(2), 0);
	EXPECT(create(&plain), -ENODEV, CPUS_OUTSIDE, 4);
}

TEST(release_that_is_late)
{
	fake_boot(4);
	fake.cpus[1].answers_at = FAKE_NEVER;
	EXPECT(release(1), -ETIMEDOUT, CPU_SILENT, 1);
	EXPECT(create(&other), -ENODEV, CPUS_OUTSIDE, 4);
	fake_mend();
	CHECK(!cpus[1]->present);
	fake.stays = true;
	EXPECT(release(2), -ETIMEDOUT, CPU_SILENT, 2);
}

TEST(late_answers_are_waited_for)
{
	uint32_t id;

	fake_boot(5);
	fake.cpus[3].answers_at = 1000 * machine.ticks_per_ms;
	fake.cpus[2].answers_at = 1900 * machine.ticks_per_ms;
	id = make(&other);
	CHECK(fake.now >= 1900 * machine.ticks_per_ms);
	scrub_all(id);
	fake.cpus[2].answers_at = fake.now + 2500 * machine.ticks_per_ms;
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	EXPECT(op_cell(CELLHV_OP_CELL_STOP, id), -ETIMEDOUT, CPU_SILENT, 2);
	CHECK_EQ(state_of(id), CELLHV_STATE_FAILED);
	CHECK_EQ(answer.status.failure.reason, CELLHV_FAILURE_SILENT);
	CHECK_EQ(answer.status.failure.cpu, 2);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	CHECK(!cpu_is_lost(cpus[2]));
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	end(id);
}

/* An SMI or INIT has taken a CPU: all but that CPU comes back, and it is not interrupted again. */
TEST(cpu_that_is_lost)
{
	uint32_t id, next;
	uint64_t kicks;

	fake_boot(5);
	id = run(&other);
	fake.cpus[2].answers_at = FAKE_NEVER;
	EXPECT(op_cell(CELLHV_OP_CELL_STOP, id), -ETIMEDOUT, CPU_SILENT, 2);
	kicks = fake.kicks;
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	CHECK_EQ(state_of(id), CELLHV_STATE_FAILED);
	CHECK_EQ(scrub_all(id), 0);
	EXPECT(op_cell(CELLHV_OP_CELL_START, id), -ETIMEDOUT, CPU_SILENT, 2);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_DESTROY, id), 0);
	CHECK(!cells && cpus[2]->cell == &root_cell && cpus[3]->cell == &root_cell);

	/* Nobody is given it, and nobody waits for it. */
	EXPECT(create(&other), -ETIMEDOUT, CPU_SILENT, 2);
	EXPECT(release(2), -ETIMEDOUT, CPU_SILENT, 2);
	next = run(&plain);
	end(next);
	CHECK(fake.cpus[2].interrupted && fake.cpus[2].runs && fake.kicks < kicks + 20);

	/* It runs nothing of the cell's when it comes back, and is the root's to start. */
	fake_mend();
	CHECK(!fake.cpus[2].runs && !cpu_is_lost(cpus[2]));
	CHECK_EQ(cpus[2]->activity, CPU_AWAITS_START);
	CHECK_EQ(cpus[2]->requests, 0);
	end(run(&other));
}

TEST(parking_needs_another)
{
	uint32_t id;

	fake_boot(5);
	fake.cpus[2].wants_help = true;
	id = run(&other);
	CHECK(fake.cpus[2].runs && fake.cpus[3].runs);
	end(id);
}

/* It does all that it was asked while it was silent, and then belongs to whom it is given. */
TEST(silent_cpu_is_given_again)
{
	struct wanted bare = plain; /* without memory, whose flushes would wait for the CPU */
	uint32_t id;

	bare.memory[0].size = 0;
	fake_boot(5);
	fake.silent_kick = fake.kicks + 1;
	EXPECT(create(&bare), -ETIMEDOUT, CPU_SILENT, 1);
	CHECK_EQ(cpus[1]->requests, CPU_REQUEST_PARK | CPU_REQUEST_RETURN);
	EXPECT(create(&bare), -ETIMEDOUT, CPU_SILENT, 1);
	fake.cpus[1].answers_at = fake.now + 300 * machine.ticks_per_ms;
	id = make(&bare);
	CHECK_EQ(cpus[1]->activity, CPU_PARKED);
	end(id);
}

TEST(silent_while_it_is_stopped_twice)
{
	uint32_t id;

	fake_boot(5);
	id = make_clean(&plain);
	fake.cpus[1].answers_at = FAKE_NEVER;
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	fake_mend();
	CHECK(fake.cpus[1].runs);
	end(id);
}

/* What the root had is not given away before each of its CPUs has forgotten it. */
TEST(memory_of_a_create_that_failed)
{
	fake_boot(5);
	start_cpu(4);
	fake.cpus[4].answers_at = FAKE_NEVER;
	for (unsigned i = 0; i < 3; i++)
		EXPECT(create(&rich), -ETIMEDOUT, CPU_SILENT, 4);
	CHECK(cells == NULL);
	fake_mend();
	end(make(&rich));
}

/* Nothing is left to change the second time, but not all know of the first. */
TEST(memory_of_a_destroy_that_failed)
{
	uint32_t id;

	fake_boot(5);
	id = make_clean(&other);
	fake.cpus[4].answers_at = FAKE_NEVER;
	for (unsigned i = 0; i < 3; i++)
		EXPECT(op_cell(CELLHV_OP_CELL_DESTROY, id), -ETIMEDOUT, CPU_SILENT, 4);
	fake_mend();
	CHECK_EQ(op_cell(CELLHV_OP_CELL_DESTROY, id), 0);
}

static int inner_error[CELLHV_OP_MAX];

/* Another CPU makes all calls while this one waits. */
static void call_meanwhile(void)
{
	for (uint32_t operation = 1; operation < CELLHV_OP_MAX; operation++) {
		struct cellhv_call call = {.size = sizeof(call), .op = operation};

		inner_error[operation] = fake_call(4, &call);
		CHECK_EQ(call.check, CELLHV_CHECK_NONE);
	}
}

static void expect_busy(void)
{
	for (uint32_t operation = 1; operation < CELLHV_OP_MAX; operation++)
		CHECK_EQ(inner_error[operation], -EBUSY);
	memset(inner_error, 0, sizeof(inner_error));
}

TEST(two_cpus_call)
{
	uint32_t id;

	fake_boot(5);
	start_cpu(4);
	fake.meanwhile = call_meanwhile;
	id = make(&other);
	expect_busy();
	CHECK_EQ(scrub_all(id), 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	fake.meanwhile = call_meanwhile;
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	expect_busy();
	CHECK_EQ(scrub_all(id), 0);
	fake.meanwhile = call_meanwhile;
	CHECK_EQ(op_cell(CELLHV_OP_CELL_DESTROY, id), 0);
	expect_busy();
}

TEST(signals_reach_the_own_cell_alone)
{
	const struct cell *cell;
	uint32_t id;

	fake_boot(5);
	id = run(&other);
	cell = cell_by_id(id);
	cpu_signal(cpus[2], cell, 0, FAKE_SIGNAL_OTHER);
	cpu_signal(cpus[3], &root_cell, 0, FAKE_SIGNAL_OTHER);
	cpu_signal(cpus[4], cell, 0, FAKE_SIGNAL_OTHER);
	fake_run();
	CHECK_EQ(fake.cpus[2].signals, FAKE_SIGNAL_OTHER);
	CHECK_EQ(fake.cpus[3].signals | fake.cpus[4].signals, 0);

	/* An SMP guest stops one of its CPUs, and starts it again. */
	cpu_signal(cpus[3], cell, 0, FAKE_SIGNAL_STOP);
	fake_run();
	CHECK(!fake.cpus[3].runs && cpus[3]->activity == CPU_AWAITS_START);
	cpu_signal(cpus[3], cell, 0, FAKE_SIGNAL_START);
	fake_run();
	CHECK(fake.cpus[3].runs == cell);

	/* One that is parked takes none, nor those of its former life. */
	fake_fail(3);
	cpu_signal(cpus[3], cell, 0, FAKE_SIGNAL_START);
	fake_run();
	CHECK(!fake.cpus[3].runs);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	cpu_signal(cpus[2], cell, 0, FAKE_SIGNAL_STOP);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	fake_run();
	CHECK(fake.cpus[2].runs == cell && fake.cpus[3].runs == cell);
	end(id);
}
