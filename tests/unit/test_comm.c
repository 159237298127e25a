/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The comm region: what a guest is given, and what its words mean. */
#include <stdint.h>
#include <stdlib.h>

#include "arch/x86/machine.h"
#include "check.h"
#include "core/comm.h"
#include "core/resource.h"

struct cell root_cell;
struct machine machine = {
	.system = {.pm_timer_port = 0x608, .mmconfig_base = 0xb0000000},
	.ticks_per_ms = 1000001,
};
struct x86_machine x86_machine = {.apic_khz = 62500};

void pool_broken(const struct page_pool *pool, const void *pages)
{
	(void)pool, (void)pages;
	abort();
}

static struct cellhv_cell_config config;
static _Alignas(4096) uint8_t page[4096];
static struct cell cell = {.config = &config, .comm = page, .started = true};

static void reset(uint16_t revision)
{
	config = (struct cellhv_cell_config){
		.flags = CELLHV_CELL_CONSOLE_VIRTUAL,
		.comm_revision = revision,
		.console = {.address = 0x2f8, .size = 8, .type = 2},
		.cpus = {.count = 3},
	};
	memset(page, 0xff, sizeof(page));
	comm_resource.start(&cell);
}

/* By bytes, as guests made for it have them: little-endian. */
static uint64_t at(unsigned offset, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)page[offset + i] << 8 * i;
	return value;
}

static void check_rest_is_zero(unsigned offset)
{
	for (unsigned i = offset; i < sizeof(page); i++)
		CHECK_EQ(page[i], 0);
}

TEST(every_revision_to_the_byte)
{
	for (uint16_t revision = 0; revision <= 2; revision++) {
		reset(revision);
		CHECK(memcmp(page, "JHCOMM", 6) == 0);
		CHECK_EQ(at(0x06, 2), revision);
		CHECK_EQ(at(0x08, 4), 0);
		CHECK_EQ(at(0x0c, 8), 0);
		CHECK_EQ(at(0x14, 4), 3);
		CHECK_EQ(at(0x18, 8), 0x2f8);
		CHECK_EQ(at(0x20, 8), 8 | 2ull << 32);
		CHECK_EQ(at(0x38, 8), 0xb0000000);
		CHECK_EQ(at(0x40, 2), 0x608);
		CHECK_EQ(at(0x42, 2), 3);
		CHECK_EQ(at(0x44, 4), 1000001);
		CHECK_EQ(at(0x48, 4), 62500);
		check_rest_is_zero(0x4c);
	}
}

TEST(legacy_to_the_byte)
{
	reset(CELLHV_COMM_LEGACY);
	CHECK_EQ(at(0x00, 8), 0);
	CHECK_EQ(at(0x08, 8), 0);
	CHECK_EQ(at(0x10, 2), 0x608);
	CHECK_EQ(at(0x12, 2), 3);
	check_rest_is_zero(0x14);
	comm_send(&cell, CELLHV_MSG_SHUTDOWN_REQUEST);
	CHECK_EQ(at(0x00, 4), 1);
	comm_resource.fail(&cell);
	CHECK_EQ(at(0x08, 4), 3);
}

/* What the guest writes to the state, which both layouts have at 8, and what that says. */
static void check_report(uint32_t word, uint32_t state, uint32_t reason, uint64_t address)
{
	struct comm_report report;

	memcpy(page + 8, &word, sizeof(word));
	report = comm_report(&cell);
	CHECK_EQ(report.state, state);
	CHECK_EQ(report.reason, reason);
	CHECK_EQ(report.address, address);
}

TEST(every_word_of_the_guest_is_a_state_or_its_end)
{
	static const uint16_t revisions[] = {2, 1, CELLHV_COMM_LEGACY};

	for (unsigned i = 0; i < 3; i++) {
		reset(revisions[i]);
		check_report(0, CELLHV_STATE_RUNNING, CELLHV_FAILURE_NONE, 0);
		check_report(1, CELLHV_STATE_LOCKED, CELLHV_FAILURE_NONE, 0);
		check_report(2, CELLHV_STATE_SHUT_DOWN, CELLHV_FAILURE_NONE, 0);
		check_report(3, CELLHV_STATE_FAILED, CELLHV_FAILURE_GUEST, 0);
		check_report(4, CELLHV_STATE_FAILED, CELLHV_FAILURE_REVISION, revisions[i]);
		check_report(5, CELLHV_STATE_FAILED, CELLHV_FAILURE_STATE, 5);
		check_report(UINT32_MAX, CELLHV_STATE_FAILED, CELLHV_FAILURE_STATE, UINT32_MAX);
	}
}
