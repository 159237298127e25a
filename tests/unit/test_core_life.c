/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole life of cells, by management calls, and every way in which these are refused. */
#include <stdlib.h>

#include "core.h"
#include "core/arch.h"
#include "core/comm.h"
#include "core/control.h"
#include "core/errno.h"
#include "core/hypercall.h"

static void set_state(uint32_t cell, uint32_t state)
{
	((struct cellhv_comm *)cell_by_id(cell)->comm)->cell_state = state;
}

TEST(life)
{
	struct snapshot *before;
	uint8_t data[5000];
	uint32_t id;

	fake_boot(4);
	memset(data, 0x5a, sizeof(data));
	before = snapshot_take();
	fake_fill_ram(0x400000, 0x99, 0x2000);
	id = make(&plain);
	CHECK_EQ(state_of(id), CELLHV_STATE_STOPPED);
	CHECK(cpus[1]->cell == cell_by_id(id) && cpus[1]->activity == CPU_PARKED);
	CHECK(fake_ram_is(0x400000, 0x99, 0x2000));

	CHECK_EQ(scrub_all(id), 0);
	CHECK(fake_ram_is(0x400000, 0, 0x2000) && fake_ram_is(0x3ff000, 0, 0x1000));
	CHECK_EQ(load(id, 0xff0, data, sizeof(data) - 2000), 0);
	CHECK(fake_ram_is(0x400ff0, 0x5a, 3000) &&
	      fake_ram_is(0x400ff0 + 3000, 0, 0x2000 - 0xff0 - 3000));

	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	CHECK(!fake.cpus[1].runs);
	fake_run();
	CHECK(fake.cpus[1].runs == cell_by_id(id) && fake.cpus[1].entry == 0x1000);
	CHECK_EQ(state_of(id), CELLHV_STATE_RUNNING);

	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	CHECK_EQ(state_of(id), CELLHV_STATE_STOPPED);
	CHECK(!fake.cpus[1].runs);
	EXPECT(op_cell(CELLHV_OP_CELL_DESTROY, id), -EBUSY, CELL_NOT_SCRUBBED, id);
	CHECK_EQ(scrub_all(id), 0);
	CHECK(fake_ram_is(0x400000, 0, 0x2000));
	CHECK_EQ(op_cell(CELLHV_OP_CELL_DESTROY, id), 0);
	fake_run();
	snapshot_expect(before);
	free(before);
	EXPECT(op_cell(CELLHV_OP_CELL_DESTROY, id), -ENOENT, NO_SUCH_CELL, id);
}

TEST(started_again)
{
	uint32_t id;

	fake_boot(4);
	id = run(&other);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0); /* before it has begun */
	CHECK(!fake.cpus[2].runs && !fake.cpus[3].runs);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	fake_run();
	CHECK(fake.cpus[2].runs && fake.cpus[3].runs);
	end(id);
}

TEST(scrubbing_goes_in_steps)
{
	uint32_t id;
	struct wanted big = other;

	fake_boot(4);
	big.memory[1] = (struct cellhv_memory_region){
		.phys = 0xc00000, .guest = 0x1000000, .size = 0x100000, .flags = 3};
	fake_fill_ram(0x600000, 1, 0x200000);
	fake_fill_ram(0xc00000, 1, 0x100000);
	id = make(&big);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_SCRUB, id), 0);
	CHECK_EQ(answer.scrub.remaining, 0x100000);
	EXPECT(op_cell(CELLHV_OP_CELL_START, id), -EBUSY, CELL_NOT_SCRUBBED, id);
	EXPECT(load(id, 0, "x", 1), -EBUSY, CELL_NOT_SCRUBBED, id);
	EXPECT(op_cell(CELLHV_OP_CELL_DESTROY, id), -EBUSY, CELL_NOT_SCRUBBED, id);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_SCRUB, id), 0);
	CHECK_EQ(answer.scrub.remaining, 0);
	CHECK(fake_ram_is(0x600000, 0, 0x200000) && fake_ram_is(0xc00000, 0, 0x100000));
	end(id);
}

TEST(call_format)
{
	fake_boot(2);
	answer = (struct cellhv_call){.op = CELLHV_OP_MAX};
	EXPECT(raw_call(), -ENOSYS, CALL_FORMAT, CELLHV_OP_MAX);
	answer.op = 0;
	EXPECT(raw_call(), -ENOSYS, CALL_FORMAT, 0);
	answer.size = 8;
	answer.op = CELLHV_OP_INFO;
	EXPECT(fake_call(0, &answer), -EINVAL, CALL_FORMAT, 8);

	CHECK_EQ(control_call(cpus[0], FAKE_CALLS + 4), -EINVAL);
	CHECK_EQ(control_call(cpus[0], FAKE_CALLS + 0xff8), -EINVAL);
	CHECK_EQ(control_call(cpus[0], FAKE_BLOCK + 0x1000), -EINVAL);
	CHECK_EQ(control_call(cpus[0], FAKE_PHYS_LIMIT), -EINVAL);
	CHECK_EQ(control_call(cpus[0], -(uint64_t)PAGE_SIZE), -EINVAL);
	CHECK_EQ(control_call(cpus[0], FAKE_REGISTERS), -EINVAL); /* all ones are no call */
}

TEST(calls_for_cells_that_are_not)
{
	static const uint32_t operations[] = {CELLHV_OP_CELL_SCRUB,  CELLHV_OP_CELL_LOAD,
					      CELLHV_OP_CELL_START,  CELLHV_OP_CELL_MESSAGE,
					      CELLHV_OP_CELL_STATUS, CELLHV_OP_CELL_STOP,
					      CELLHV_OP_CELL_DESTROY};
	uint64_t position = 0;
	char text[8];

	fake_boot(2);
	for (unsigned i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		EXPECT(op_cell(operations[i], 12345), -ENOENT, NO_SUCH_CELL, 12345);
	EXPECT(console_read(12345, &position, text, 8), -ENOENT, NO_SUCH_CELL, 12345);
}

TEST(info_and_stats)
{
	fake_boot(3);
	CHECK_EQ(op(CELLHV_OP_INFO), 0);
	CHECK_EQ(answer.info.pages_total, 256);
	CHECK_EQ(answer.info.pages_used, machine.pool.used);
	CHECK_EQ(answer.info.num_cpus, 3);
	CHECK_EQ(answer.info.num_cells, 0);
	CHECK_EQ(answer.info.apic_khz, 1);
	CHECK_STR(answer.info.version, "fake");
	run(&plain);
	CHECK_EQ(op(CELLHV_OP_INFO), 0);
	CHECK_EQ(answer.info.num_cells, 1);

	cpu_count(cpus[1], CELLHV_EXIT_PORT);
	answer.stats.cpu = 1;
	CHECK_EQ(op(CELLHV_OP_CPU_STATS), 0);
	CHECK_EQ(answer.stats.count[CELLHV_EXIT_PORT], 1);
	answer.stats.cpu = 3;
	EXPECT(op(CELLHV_OP_CPU_STATS), -ENODEV, CPU_NUMBER, 3);
	answer.stats.cpu = CELLHV_MAX_CPUS;
	EXPECT(op(CELLHV_OP_CPU_STATS), -ENODEV, CPU_NUMBER, CELLHV_MAX_CPUS);
}

/* `plain` with something else about it, refused. */
#define REFUSED(change, error, check, object)                  \
	do {                                                   \
		struct wanted wanted = plain;                  \
		struct snapshot *before = snapshot_take();     \
                                                               \
		change;                                        \
		EXPECT(create(&wanted), error, check, object); \
		snapshot_expect(before);                       \
		free(before);                                  \
	} while (0)

TEST(refused_by_the_configuration)
{
	fake_boot(4);
	REFUSED(wanted.name = "-", -EINVAL, CONFIG_NAME, 0);
	REFUSED(wanted.entry = 1ull << 32, -EINVAL, CONFIG_ENTRY, 1ull << 32);
	REFUSED(wanted.comm = 0x1000, -EINVAL, CONFIG_COMM, 0x1000);
	REFUSED(wanted.memory[1].guest = 0x1000, -EINVAL, CONFIG_MEMORY, 1);
	REFUSED(wanted.num_cpus = 0, -EINVAL, CONFIG_CPU, 0);
	REFUSED(wanted.ports[1] = wanted.ports[0];
		wanted.ports[1].base = 0xcf8, -EINVAL, CONFIG_PORT, 1);
	REFUSED(wanted.flags = 0x4, -EINVAL, CONFIG_FORMAT, 56);
}

TEST(refused_by_what_the_root_owns)
{
	fake_boot(4);
	REFUSED(wanted.cpus[0] = 0, -EBUSY, CPU_SELF, 0);
	REFUSED(wanted.cpus[0] = 4, -ENODEV, CPU_NUMBER, 4);
	REFUSED(wanted.memory[0].phys = FAKE_BLOCK + 0x5000, -EBUSY, MEMORY_OWNED,
		FAKE_BLOCK + 0x5000);
	REFUSED(wanted.memory[0].phys = FAKE_PHYS_LIMIT - 0x1000, -ERANGE, MEMORY_RANGE,
		FAKE_PHYS_LIMIT - 0x1000);
	REFUSED(wanted.memory[1].phys = FAKE_REGISTERS, -EBUSY, MEMORY_OWNED, FAKE_REGISTERS);
	REFUSED(wanted.ports[0].base = FAKE_KEPT_PORT - 2, -EBUSY, PORT_OWNED, FAKE_KEPT_PORT - 2);
}

TEST(refused_by_what_others_own)
{
	uint32_t id;

	fake_boot(4);
	id = make_clean(&plain);
	REFUSED(, -EEXIST, NAME_EXISTS, id);
	REFUSED(wanted.name = "b", -EBUSY, MEMORY_OWNED, plain.memory[0].phys);
	REFUSED(wanted.name = "b";
		wanted.memory[0].phys = 0x401000, -EBUSY, MEMORY_OWNED, 0x401000);
	REFUSED(wanted = other; wanted.ports[0] = plain.ports[0], -EBUSY, PORT_OWNED, 0x3f8);
	REFUSED(wanted = other; wanted.cpus[1] = 1, -EBUSY, CPU_OWNED, 1);
	EXPECT(op(CELLHV_OP_DISABLE), -EBUSY, CELLS_EXIST, 1);
	answer.cpu = 3;
	EXPECT(op(CELLHV_OP_RELEASE_CPU), -EBUSY, CELLS_EXIST, 1);
}

TEST(refused_by_where_the_configuration_is)
{
	fake_boot(2);
	answer.create.config_phys = FAKE_BLOCK - 64;
	answer.create.config_size = 300;
	EXPECT(op(CELLHV_OP_CELL_CREATE), -EINVAL, MEMORY_RANGE, FAKE_BLOCK - 64);
	answer.create.config_size = 10;
	EXPECT(op(CELLHV_OP_CELL_CREATE), -EINVAL, CONFIG_FORMAT, 10);
	answer.create.config_size = CELLHV_CONFIG_MAX_SIZE + 1;
	EXPECT(op(CELLHV_OP_CELL_CREATE), -EINVAL, CONFIG_FORMAT, CELLHV_CONFIG_MAX_SIZE + 1);
	answer.create.config_phys = UINT64_MAX - 100;
	answer.create.config_size = 300;
	EXPECT(op(CELLHV_OP_CELL_CREATE), -EINVAL, MEMORY_RANGE, UINT64_MAX - 100);
}

TEST(guest_addresses_beyond_the_tables)
{
	fake_boot(4);
	REFUSED(wanted.memory[1].guest = 1ull << 48, -EINVAL, CONFIG_MEMORY, 1);
	REFUSED(wanted.memory[1].guest = (1ull << 48) - 0x1000;
		wanted.memory[1].size = 0x2000, -EINVAL, CONFIG_MEMORY, 1);
	REFUSED(wanted.comm = 1ull << 50, -EINVAL, CONFIG_COMM, 1ull << 50);
}

TEST(state_does_not_allow_it)
{
	uint32_t id;

	fake_boot(4);
	id = run(&plain);
	EXPECT(op_cell(CELLHV_OP_CELL_START, id), -EBUSY, CELL_STATE, CELLHV_STATE_RUNNING);
	EXPECT(op_cell(CELLHV_OP_CELL_SCRUB, id), -EBUSY, CELL_STATE, CELLHV_STATE_RUNNING);
	EXPECT(op_cell(CELLHV_OP_CELL_DESTROY, id), -EBUSY, CELL_STATE, CELLHV_STATE_RUNNING);
	EXPECT(load(id, 0, "x", 1), -EBUSY, CELL_STATE, CELLHV_STATE_RUNNING);
	set_state(id, CELLHV_COMM_LOCKED);
	EXPECT(create(&other), -EPERM, CELL_LOCKED, id);
	set_state(id, CELLHV_COMM_RUNNING);
	CHECK_EQ(create(&other), 0);
	CHECK_EQ(scrub_all(answer.create.id), 0);
	set_state(id, CELLHV_COMM_LOCKED);
	EXPECT(op_cell(CELLHV_OP_CELL_DESTROY, cells->id), -EPERM, CELL_LOCKED, id);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_DESTROY, cells->id), 0);
}

TEST(loading)
{
	static uint8_t much[65537];
	uint32_t id;

	fake_boot(4);
	id = make_clean(&plain);
	EXPECT(load(id, 0, much, 0), -ERANGE, MEMORY_RANGE, 0);
	EXPECT(load(id, 0, much, 65537), -ERANGE, MEMORY_RANGE, 0);
	EXPECT(load(id, 0x1fff, much, 2), -ERANGE, MEMORY_RANGE, 0x2000);
	EXPECT(load(id, 0x800000, much, 2), -ERANGE, MEMORY_RANGE, 0x800000); /* registers */
	EXPECT(load(id, UINT64_MAX, much, 2), -ERANGE, MEMORY_RANGE, UINT64_MAX);
	CHECK_EQ(load(id, 0x1fff, much, 1), 0);
	answer.load.cell = id;
	answer.load.length = 16;
	answer.load.guest = 0;
	answer.load.phys = FAKE_BLOCK;
	EXPECT(op(CELLHV_OP_CELL_LOAD), -ERANGE, MEMORY_RANGE, FAKE_BLOCK);
	EXPECT(op_cell(CELLHV_OP_CELL_DESTROY, id), -EBUSY, CELL_NOT_SCRUBBED, id);
	end(id);
}

TEST(messages)
{
	struct cellhv_comm *comm;
	uint32_t id;

	fake_boot(4);
	id = make_clean(&plain);
	answer.message.message = CELLHV_MSG_SHUTDOWN_REQUEST;
	EXPECT(op_cell(CELLHV_OP_CELL_MESSAGE, id), -EBUSY, CELL_STATE, CELLHV_STATE_STOPPED);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	comm = cell_by_id(id)->comm;
	comm->reply = 7;
	answer.message.message = CELLHV_MSG_SHUTDOWN_REQUEST;
	CHECK_EQ(op_cell(CELLHV_OP_CELL_MESSAGE, id), 0);
	CHECK_EQ(comm->message, CELLHV_MSG_SHUTDOWN_REQUEST);
	CHECK_EQ(state_of(id), CELLHV_STATE_RUNNING);
	CHECK_EQ(answer.status.reply, 0);
	comm->reply = 2;
	state_of(id);
	CHECK_EQ(answer.status.reply, 2);
	answer.message.message = 3;
	EXPECT(op_cell(CELLHV_OP_CELL_MESSAGE, id), -EINVAL, CALL_FORMAT, 3);
	set_state(id, CELLHV_COMM_SHUT_DOWN);
	CHECK_EQ(state_of(id), CELLHV_STATE_SHUT_DOWN);
	answer.message.message = CELLHV_MSG_RECONFIGURED;
	EXPECT(op_cell(CELLHV_OP_CELL_MESSAGE, id), -EBUSY, CELL_STATE, CELLHV_STATE_SHUT_DOWN);
}

TEST(a_cell_fails)
{
	uint32_t id;

	fake_boot(4);
	id = run(&other);
	fake_fail(3);
	CHECK_EQ(state_of(id), CELLHV_STATE_FAILED);
	CHECK_EQ(answer.status.failure.reason, CELLHV_FAILURE_MEMORY);
	CHECK_EQ(answer.status.failure.cpu, 3);
	CHECK_EQ(answer.status.failure.rip, 0x2001);
	CHECK_EQ(answer.status.failure.address, 0x1234);
	CHECK_EQ(answer.status.failure.detail, 2);
	CHECK_EQ(answer.status.failed_cpus[0], 8);
	fake_fail(2);
	CHECK_EQ(state_of(id), CELLHV_STATE_FAILED);
	CHECK_EQ(answer.status.failure.cpu, 3);
	CHECK_EQ(answer.status.failed_cpus[0], 12);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	fake_run();
	CHECK_EQ(state_of(id), CELLHV_STATE_RUNNING);
	CHECK_EQ(answer.status.failed_cpus[0], 0);
	end(id);
}

TEST(guests_words)
{
	uint32_t id;

	fake_boot(4);
	id = run(&plain);
	set_state(id, CELLHV_COMM_FAILED);
	CHECK_EQ(state_of(id), CELLHV_STATE_FAILED);
	CHECK_EQ(answer.status.failure.reason, CELLHV_FAILURE_GUEST);
	set_state(id, 0xdeadbeef);
	CHECK_EQ(state_of(id), CELLHV_STATE_FAILED);
	CHECK_EQ(answer.status.failure.reason, CELLHV_FAILURE_STATE);
	CHECK_EQ(answer.status.failure.address, 0xdeadbeef);
	set_state(id, CELLHV_COMM_WRONG_REVISION);
	CHECK_EQ(state_of(id), CELLHV_STATE_FAILED);
	CHECK_EQ(answer.status.failure.reason, CELLHV_FAILURE_REVISION);
	end(id);
}

TEST(comm_page_of_both_layouts)
{
	struct wanted legacy = plain;
	const struct cellhv_comm *comm;
	uint32_t id;

	fake_boot(4);
	legacy.flags = CELLHV_CELL_CONSOLE_VIRTUAL;
	id = run(&legacy);
	comm = cell_by_id(id)->comm;
	CHECK(memcmp(comm->signature, CELLHV_COMM_SIGNATURE, 6) == 0);
	CHECK_EQ(comm->flags, 3);
	CHECK_EQ(((const uint8_t *)comm)[4095], 0xfa);
	end(id);
	legacy.comm_revision = CELLHV_COMM_LEGACY;
	id = run(&legacy);
	comm = cell_by_id(id)->comm;
	CHECK(memcmp(comm->signature, CELLHV_COMM_SIGNATURE, 6) != 0);
	((struct cellhv_comm_legacy *)cell_by_id(id)->comm)->cell_state = CELLHV_COMM_LOCKED;
	CHECK_EQ(state_of(id), CELLHV_STATE_LOCKED);
	end(id);
}

static int putc_of(unsigned cpu, char c)
{
	struct hypercall call = {
		.code = CELLHV_HC_CONSOLE_PUTC, .privileged = true, .arguments = {(uint8_t)c}};

	return (int)hypercall(cpus[cpu], &call);
}

TEST(console_and_poll)
{
	struct wanted talks = plain;
	uint64_t position = 0, states, bytes, root = 0;
	char text[64];
	uint32_t id;

	fake_boot(4);
	talks.flags = CELLHV_CELL_CONSOLE_VIRTUAL;
	id = run(&talks);
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	states = answer.poll.state_sequence;
	bytes = answer.poll.console_sequence;
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	CHECK_EQ(answer.poll.state_sequence, states);
	CHECK_EQ(answer.poll.console_sequence, bytes);
	CHECK_EQ(putc_of(1, 'h'), 0);
	CHECK_EQ(putc_of(1, 'i'), 0);
	set_state(id, CELLHV_COMM_LOCKED);
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	CHECK(answer.poll.state_sequence > states);
	CHECK_EQ(answer.poll.console_sequence, bytes + 2);
	CHECK_EQ(console_read(id, &position, text, 64), 2);
	CHECK(memcmp(text, "hi", 2) == 0 && position == 2);
	CHECK_EQ(console_read(id, &position, text, 64), 0);
	CHECK(console_read(CELLHV_ROOT_ID, &root, text, 64) > 0);

	answer.console.phys = FAKE_DATA + 0x800;
	answer.console.size = 0x801;
	EXPECT(op(CELLHV_OP_CONSOLE_READ), -EINVAL, MEMORY_RANGE, FAKE_DATA + 0x800);
	answer.console.size = 4097;
	EXPECT(op(CELLHV_OP_CONSOLE_READ), -EINVAL, MEMORY_RANGE, FAKE_DATA + 0x800);
	answer.console.size = 4;
	answer.console.phys = 0x400000;
	EXPECT(op(CELLHV_OP_CONSOLE_READ), -EINVAL, MEMORY_RANGE, 0x400000);

	/* What a cell has written counts on when it is gone. */
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	bytes = answer.poll.console_sequence;
	states = answer.poll.state_sequence;
	end(id);
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	CHECK(answer.poll.console_sequence >= bytes && answer.poll.state_sequence > states);
}

TEST(strict)
{
	struct paging_translation found;
	struct snapshot *before;
	uint32_t id;

	fake_boot_strict(4);
	before = snapshot_take();
	CHECK(!paging_lookup(&root_cell.memory, FAKE_BLOCK, &found));
	id = run(&plain);
	CHECK(!paging_lookup(&root_cell.memory, 0x400000, &found));
	end(id);
	snapshot_expect(before);
	free(before);
}
