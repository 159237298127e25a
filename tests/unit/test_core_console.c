/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cells whose machine has a keyboard, a power button and an end of its own, by management calls. */
#include "core.h"
#include "core/comm.h"
#include "core/errno.h"

static struct wanted pc(void)
{
	struct wanted wanted = plain;

	wanted.flags = CELLHV_CELL_PLATFORM_PC;
	return wanted;
}

static uint32_t run_pc(void)
{
	const struct wanted wanted = pc();

	fake_boot(4);
	fake.room = 8;
	fake.num_typed = 0;
	fake.pressed = NULL;
	return run(&wanted);
}

static int type(uint32_t cell, const char *text, uint32_t size)
{
	fake_write(FAKE_DATA, text, size);
	answer.console.cell = cell;
	answer.console.size = size;
	answer.console.phys = FAKE_DATA;
	answer.console.position = 0;
	return op(CELLHV_OP_CONSOLE_WRITE);
}

static int send(uint32_t cell, uint32_t message)
{
	answer.message.cell = cell;
	answer.message.message = message;
	return op(CELLHV_OP_CELL_MESSAGE);
}

static uint32_t message_of(uint32_t cell)
{
	return ((struct cellhv_comm *)cell_by_id(cell)->comm)->message;
}

TEST(typed_as_far_as_there_is_room)
{
	uint32_t id = run_pc();
	uint64_t bytes;

	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	bytes = answer.poll.console_sequence;
	CHECK_EQ(type(id, "", 0), 0); /* there is room */
	CHECK_EQ(answer.console.size, 0);
	CHECK_EQ(type(id, "hello", 5), 0);
	CHECK_EQ(answer.console.size, 5);
	CHECK_EQ(type(id, " world", 6), 0);
	CHECK_EQ(answer.console.size, 3);
	EXPECT(type(id, "x", 1), -EAGAIN, NONE, 0);
	EXPECT(type(id, "", 0), -EAGAIN, NONE, 0);
	CHECK_EQ(fake.num_typed, 8);
	CHECK(memcmp(fake.typed, "hello wo", 8) == 0);
	/* What the guest takes is told as its output is, also when it has gone. */
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	CHECK_EQ(answer.poll.console_sequence, bytes + 8);
	end(id);
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	CHECK(answer.poll.console_sequence >= bytes + 8);
}

TEST(typing_is_refused)
{
	struct wanted bare = other;
	uint32_t id = run_pc(), second;

	bare.flags = CELLHV_CELL_CONSOLE_VIRTUAL;
	second = run(&bare);
	EXPECT(type(second, "x", 1), -EINVAL, CALL_FORMAT, CELLHV_OP_CONSOLE_WRITE);
	EXPECT(type(12345, "x", 1), -ENOENT, NO_SUCH_CELL, 12345);
	EXPECT(type(CELLHV_ROOT_ID, "x", 1), -ENOENT, NO_SUCH_CELL, CELLHV_ROOT_ID);
	answer.console.cell = id;
	answer.console.size = 4;
	answer.console.phys = 0x400000; /* a cell's */
	EXPECT(op(CELLHV_OP_CONSOLE_WRITE), -EINVAL, MEMORY_RANGE, 0x400000);
	answer.console.phys = FAKE_DATA + 0xffe;
	EXPECT(op(CELLHV_OP_CONSOLE_WRITE), -EINVAL, MEMORY_RANGE, FAKE_DATA + 0xffe);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	EXPECT(type(id, "x", 1), -EBUSY, CELL_STATE, CELLHV_STATE_STOPPED);
	CHECK_EQ(fake.num_typed, 0);
}

TEST(the_button)
{
	uint32_t id = run_pc(), second = run(&other);

	CHECK_EQ(send(second, CELLHV_MSG_SHUTDOWN_REQUEST), 0);
	CHECK(!fake.pressed);
	CHECK_EQ(message_of(second), CELLHV_MSG_SHUTDOWN_REQUEST);
	CHECK_EQ(send(id, CELLHV_MSG_SHUTDOWN_REQUEST), 0);
	CHECK(fake.pressed == cell_by_id(id));
	CHECK_EQ(message_of(id), CELLHV_MSG_NONE);
	fake.pressed = NULL;
	CHECK_EQ(send(id, CELLHV_MSG_RECONFIGURED), 0);
	CHECK(!fake.pressed);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	EXPECT(send(id, CELLHV_MSG_SHUTDOWN_REQUEST), -EBUSY, CELL_STATE, CELLHV_STATE_STOPPED);
	CHECK(!fake.pressed);
}

/* As that CPU does it, on itself. */
static void end_guest(uint32_t how)
{
	struct cpu *outer = fake.self;

	fake.self = cpus[1];
	cpu_end_guest(cpus[1], how);
	fake.self = outer;
}

static void expect(uint32_t id, uint32_t state, uint32_t reset)
{
	answer.status.cell = id;
	CHECK_EQ(op(CELLHV_OP_CELL_STATUS), 0);
	CHECK_EQ(answer.status.state, state);
	CHECK_EQ(answer.status.reset, reset);
}

TEST(it_turns_itself_off)
{
	uint32_t id = run_pc();
	uint64_t states;

	expect(id, CELLHV_STATE_RUNNING, 0);
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	states = answer.poll.state_sequence;
	end_guest(CELL_SHUT_DOWN);
	CHECK_EQ(cpus[1]->activity, CPU_PARKED);
	expect(id, CELLHV_STATE_SHUT_DOWN, 0);
	/* The first one is believed, and no word of the guest's makes it run again. */
	end_guest(CELL_RESET);
	((struct cellhv_comm *)cell_by_id(id)->comm)->cell_state = CELLHV_COMM_LOCKED;
	expect(id, CELLHV_STATE_SHUT_DOWN, 0);
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	CHECK(answer.poll.state_sequence > states);
	EXPECT(type(id, "x", 1), -EBUSY, CELL_STATE, CELLHV_STATE_SHUT_DOWN);

	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	expect(id, CELLHV_STATE_STOPPED, 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	fake_run();
	expect(id, CELLHV_STATE_RUNNING, 0);
	end_guest(CELL_RESET);
	expect(id, CELLHV_STATE_SHUT_DOWN, 1);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	expect(id, CELLHV_STATE_STOPPED, 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	fake_run();
	expect(id, CELLHV_STATE_RUNNING, 0);
}

TEST(a_failure_is_no_reset)
{
	uint32_t id = run_pc();

	end_guest(CELL_RESET);
	fake_fail(1);
	expect(id, CELLHV_STATE_FAILED, 0);
	CHECK_EQ(answer.status.failure.reason, CELLHV_FAILURE_MEMORY);
	end(id);
}
