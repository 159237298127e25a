/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Linux, or who has it in his hands, tells an AMD-Vi unit; and what the unit tells of others.
 */
#include "amdvi_model.h"
#include "check.h"
#include "core/errno.h"

#define FEATURES 0x29d7ull
#define WAIT(address) (1ull << 60 | 1 | (address))
#define BOTH (AMDVI_DEVICE_READ | AMDVI_DEVICE_WRITE)

static void begin(void)
{
	machine_begin(FEATURES);
	linux_uses_unit(0);
	*linux_entry(8) = (struct amdvi_device){{3 | BOTH, 7}};
	CHECK_EQ(unit.ops->take(self, &unit, &call), 0);
}

TEST(registers_show_what_linux_wrote)
{
	static const struct {
		uint32_t offset;
		uint64_t value;
	} writes[] = {
		{AMDVI_EXCLUSION, 0x123456789003ull},
		{AMDVI_EXCLUSION_LIMIT, 0x5000},
		{0x38, 0x0800000000077000ull},
		{0xe0, 0x0900000000088000ull},
		{0x170, 0x55},
		{AMDVI_EVENT_HEAD, 0x40},
		{0x2038, 0x10},
	};

	begin();
	for (unsigned i = 0; i < 7; i++) {
		CHECK(linux_writes(writes[i].offset, 8, writes[i].value));
		CHECK_EQ(linux_reads(writes[i].offset, 8), writes[i].value);
		CHECK_EQ(unit_register(writes[i].offset), 0);
	}
	/* By halves. */
	CHECK(linux_writes(AMDVI_EXCLUSION + 4, 4, 0xabcd));
	CHECK_EQ(linux_reads(AMDVI_EXCLUSION, 8), 0xabcd56789003ull);
	CHECK_EQ(linux_reads(AMDVI_EXCLUSION + 4, 4), 0xabcd);
	CHECK(linux_writes(AMDVI_EXCLUSION, 4, 1));
	CHECK_EQ(linux_reads(AMDVI_EXCLUSION, 8), 0xabcd00000001ull);
	/* What it cannot change, what is the hardware's, and what is not there. */
	CHECK(linux_writes(AMDVI_FEATURES, 8, 0));
	CHECK_EQ(linux_reads(AMDVI_FEATURES, 8), FEATURES);
	set_unit_register(0x3000, 77);
	CHECK_EQ(linux_reads(0x3000, 8), 77);
	CHECK(linux_writes(0x3000, 8, 1));
	CHECK_EQ(unit_register(0x3000), 77);
	CHECK_EQ(linux_reads(0x4000, 8), UINT64_MAX);
	CHECK_EQ(linux_reads(0x3ffc, 8), UINT64_MAX);
	CHECK(linux_writes(0x4000, 8, 1));
	/* It is Linux's again with what Linux has said meanwhile. */
	machine_end();
	CHECK_EQ(unit_register(AMDVI_EXCLUSION), 0xabcd00000001ull);
	CHECK_EQ(unit_register(0x38), 0x0800000000077000ull);
	CHECK_EQ(unit_register(0x170), 0x55);
	CHECK_EQ(unit_register(0x3000), 77);
}

TEST(control_and_status_are_a_shadow)
{
	uint64_t hardware;

	begin();
	hardware = unit_register(AMDVI_CONTROL);
	CHECK_EQ(linux_reads(AMDVI_STATUS, 4), 0x18);
	CHECK(linux_writes(AMDVI_CONTROL, 8, 1));
	CHECK_EQ(linux_reads(AMDVI_CONTROL, 8), 1);
	CHECK_EQ(linux_reads(AMDVI_STATUS, 4), 0);
	CHECK_EQ(unit_register(AMDVI_CONTROL), hardware);
	CHECK(linux_writes(AMDVI_CONTROL, 8, 0x1001));
	CHECK_EQ(linux_reads(AMDVI_STATUS, 8), 0x10);
	/* Off: all are the root's, and confined. */
	CHECK_EQ(dma(0x10, 0x1000, true), NOWHERE);
	CHECK(linux_writes(AMDVI_CONTROL, 8, 0));
	CHECK_EQ(dma(0x10, 0x1000, true), 0x1000);
	CHECK_EQ(dma(0x10, BLOCK_PHYS, true), NOWHERE);
	CHECK_EQ(unit_register(AMDVI_CONTROL), hardware);
	/* Another table, and on again. */
	ram_word(0x60000 + 0x10 * 32)[0] = 3 | BOTH;
	for (unsigned i = 0; i < 128; i++)
		ram_word(0x60000 + i * 32ull)[0] |= 3;
	CHECK(linux_writes(AMDVI_CONTROL, 8, 0x1001));
	CHECK_EQ(dma(0x10, 0x1000, true), NOWHERE);
	CHECK(linux_writes(AMDVI_DEVICES, 8, 0x60000));
	CHECK_EQ(dma(0x10, 0x1000, true), 0x1000);
	CHECK_EQ(dma(8, 0x1000, true), NOWHERE);
	CHECK(linux_writes(AMDVI_DEVICES, 8, LINUX_DEVICES | 1));
	machine_end();
}

TEST(status_bits_are_cleared_by_ones)
{
	begin();
	machine_end();
	machine_begin(FEATURES);
	linux_uses_unit(0);
	set_unit_register(AMDVI_STATUS, unit_register(AMDVI_STATUS) | 0x7);
	CHECK_EQ(unit.ops->take(self, &unit, &call), 0);
	CHECK_EQ(linux_reads(AMDVI_STATUS, 4), 0x1f);
	CHECK(linux_writes(AMDVI_STATUS, 4, 0x12));
	CHECK_EQ(linux_reads(AMDVI_STATUS, 4), 0x1d);
	machine_end();
}

TEST(completion_is_stored_where_linux_could_store)
{
	begin();
	*ram_word(FOREIGN) = *ram_word(READ_ONLY) = 0x77;
	linux_asks(WAIT(FOREIGN), 1);
	linux_asks(WAIT(READ_ONLY), 1);
	linux_asks(WAIT(TABLES_PHYS), 1);
	linux_asks(WAIT(UNIT_BASE + AMDVI_CONTROL), 1);
	linux_asks(WAIT(AMDVI_WAIT_ADDRESS), 1);
	linux_asks(1ull << 60 | 0x700000, 1);
	CHECK_EQ(*ram_word(FOREIGN), 0x77);
	CHECK_EQ(*ram_word(READ_ONLY), 0x77);
	linux_asks(1ull << 60 | 0x70000, 1); /* it is not to be stored */
	CHECK_EQ(*ram_word(0x70000), 0);
	linux_asks(WAIT(0x70000) | 2 | 4, 0x1234567890abcdefull);
	CHECK_EQ(*ram_word(0x70000), 0x1234567890abcdefull);
	machine_end();
}

/* What a unit would stop at, or is not the root's to say, does not reach it. */
TEST(every_command_is_legal_when_it_arrives)
{
	begin();
	for (uint64_t command = 0; command < 16; command++) {
		linux_asks(command << 60 | 0x0ffffffffffffff0ull, UINT64_MAX);
		linux_asks(command << 60, UINT64_MAX);
		linux_asks(command << 60, 0);
	}
	CHECK_EQ(unit_illegal, 0);
	CHECK_EQ(dma(8, 0x1000, false), 0x1000);
	machine_end();
}

TEST(a_silent_unit_lets_linux_wait)
{
	static const uint64_t commands[][2] = {{2ull << 60 | 8, 0}, {WAIT(LINUX_DONE + 8), 5}};

	begin();
	unit_is_silent = true;
	linux_commands(2, commands);
	CHECK_EQ(*ram_word(LINUX_DONE + 8), 0);
	unit_is_silent = false;
	machine_end();
}

/* Heads and tails beyond the buffer, buffers beyond memory: a bounded number of commands each time.
 */
TEST(hostile_buffers_are_bounded)
{
	static const uint64_t values[] = {0, 0x10, 0xfff0, 0x7fff7, UINT32_MAX, UINT64_MAX};
	static const uint64_t bases[] = {0,
					 8ull << 56,
					 0xfull << 56 | FOREIGN,
					 UINT64_MAX,
					 LINUX_COMMANDS_PHYS | 9ull << 56,
					 (RAM_SIZE - PAGE_SIZE) | 15ull << 56};

	begin();
	for (unsigned i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		for (unsigned head = 0; head < 6; head++) {
			uint64_t size = 16ull << (bases[i] >> 56 & 15);
			unsigned again = 0;

			size = size < 4096 ? 4096 : size;
			CHECK(linux_writes(AMDVI_CONTROL, 8, 1));
			CHECK(linux_writes(AMDVI_COMMANDS, 8, bases[i]));
			CHECK(linux_writes(AMDVI_COMMAND_HEAD, 8, values[head]));
			CHECK(linux_writes(AMDVI_COMMAND_TAIL, 8, values[5 - head]));
			while (!linux_writes(AMDVI_CONTROL, 8, 0x1005))
				CHECK(again++ < size / 16 / 64);
			CHECK(linux_reads(AMDVI_COMMAND_HEAD, 8) < size);
		}
	}
	CHECK_EQ(unit_illegal, 0);
	CHECK(linux_writes(AMDVI_COMMANDS, 8, LINUX_COMMANDS_PHYS | 9ull << 56));
	CHECK(linux_writes(AMDVI_COMMAND_HEAD, 8, 0));
	CHECK(linux_writes(AMDVI_COMMAND_TAIL, 8, 0));
	linux_asks(2ull << 60 | 8, 0);
	machine_end();
}

TEST(many_commands_take_several_exits)
{
	static uint64_t commands[200][2];
	const uint64_t tail = (0x40 + 200 * 16) & 0x1fff;

	begin();
	for (unsigned i = 0; i < 200; i++) {
		commands[i][0] = WAIT(0x70000 + i * 8);
		commands[i][1] = i + 1;
		memcpy(ram + LINUX_COMMANDS_PHYS + 0x40 + i * 16, commands[i], 16);
	}
	CHECK(!linux_writes(AMDVI_COMMAND_TAIL, 4, tail));
	CHECK_EQ(*ram_word(0x70000 + 63 * 8), 64);
	CHECK_EQ(*ram_word(0x70000 + 64 * 8), 0);
	CHECK(!linux_writes(AMDVI_COMMAND_TAIL, 4, tail));
	CHECK(!linux_writes(AMDVI_COMMAND_TAIL, 4, tail));
	CHECK(linux_writes(AMDVI_COMMAND_TAIL, 4, tail));
	CHECK_EQ(*ram_word(0x70000 + 199 * 8), 200);
	/* Nothing of that was the unit's affair. */
	CHECK_EQ(unit_commands, 2);
	machine_end();
}

TEST(events_are_told_apart)
{
	struct amdvi_event event = {0};
	static const uint64_t page_fault[] = {2ull << 60 | 1ull << 53 | 0x5ull << 32 | 0x21,
					      0x7000};
	static const uint64_t read_fault[] = {2ull << 60 | 0x21, 0x7008};
	static const uint64_t interrupt[] = {2ull << 60 | 1ull << 51 | 1ull << 53 | 0x22, 3};
	static const uint64_t bad_entry[] = {1ull << 60 | 0xffff, 0x1000};
	static const uint64_t request[] = {8ull << 60 | 0x30, 0xfffffffdf8000000ull};
	static const uint64_t command[] = {5ull << 60, 0x8000};

	CHECK(amdvi_read_event(page_fault, &event));
	CHECK_EQ(event.requester, 0x21);
	CHECK_EQ(event.address, 0x7000);
	CHECK_EQ(event.detail, 0x21 | CELLHV_FAILURE_DMA_WRITE);
	CHECK(amdvi_read_event(read_fault, &event));
	CHECK_EQ(event.detail, 0x21);
	CHECK(amdvi_read_event(interrupt, &event));
	CHECK_EQ(event.detail, 0x22 | CELLHV_FAILURE_DMA_INTERRUPT);
	CHECK(amdvi_read_event(bad_entry, &event));
	CHECK_EQ(event.requester, 0xffff);
	CHECK(amdvi_read_event(request, &event));
	CHECK_EQ(event.requester, 0x30);
	CHECK(!amdvi_read_event(command, &event));
}

TEST(the_log_is_read_and_begins_anew)
{
	begin();
	unit.ops->poll(self, &unit);
	CHECK_EQ(faults, 0);
	for (unsigned i = 0; i < 255; i++)
		unit_logs(2ull << 60 | i, i);
	unit.ops->poll(self, &unit);
	CHECK_EQ(faults, 255);
	CHECK_EQ(last_fault.requester, 254);
	CHECK_EQ(unit_register(AMDVI_EVENT_HEAD), 255 * 16);
	unit_logs(2ull << 60 | 0x11, 1);
	unit_logs(2ull << 60 | 0x12, 2);
	set_unit_register(AMDVI_STATUS, unit_register(AMDVI_STATUS) | AMDVI_STATUS_EVENTS_LOST);
	unit.ops->poll(self, &unit);
	CHECK_EQ(faults, 257);
	CHECK_EQ(last_fault.requester, 0x12);
	CHECK_EQ(unit_register(AMDVI_EVENT_HEAD), 0x10);
	CHECK(unit_register(AMDVI_STATUS) & AMDVI_STATUS_EVENTS);
	/* Linux's log is empty, wherever its head is. */
	CHECK_EQ(linux_reads(AMDVI_EVENT_TAIL, 4), 0);
	machine_end();
}

/* Where Linux translated for nobody its tables do not count later: they could lead anywhere. */
TEST(tables_that_come_later_lead_nowhere)
{
	begin();
	CHECK(!unit.by_linux);
	CHECK_EQ(dma(8, 0x3000, true), 0x3000);
	*linux_entry(8) = (struct amdvi_device){{3 | 1ull << 9 | LINUX_PAGES | BOTH, 7}};
	*ram_word(LINUX_PAGES + 3 * 8) = BLOCK_PHYS | 1 | BOTH;
	linux_asks(2ull << 60 | 8, 0);
	CHECK_EQ(dma(8, 0x3000, true), NOWHERE);
	*linux_entry(8) = (struct amdvi_device){{3 | BOTH, 7}};
	linux_asks(2ull << 60 | 8, 0);
	CHECK_EQ(dma(8, 0x3000, true), 0x3000);
	machine_end();
}
