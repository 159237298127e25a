/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VT-d driver: taken, given back, what Linux sees meanwhile, who reaches what. */
#include "vtd_model.h"

TEST(linux_sees_what_it_had)
{
	uint32_t had[64];

	setup();
	memcpy(had, registers, sizeof(had));
	had[VTD_GCMD / 4] = 0;
	take();
	for (unsigned at = 0; at < 64; at++)
		CHECK_EQ(read_as_linux(at * 4, 4), had[at]);
	CHECK_EQ(read_as_linux(VTD_CAP, 8), 0xd2008c222f0606);
	CHECK_EQ(read_as_linux(0x220, 8), 0);
	CHECK_EQ(read_as_linux(0xff8, 8), 0);
	CHECK_EQ(registers[VTD_GSTS / 4] & (VTD_TE | VTD_QIE | VTD_IRE),
		 VTD_TE | VTD_QIE | VTD_IRE);
	CHECK(registers[VTD_FECTL / 4] & VTD_EVENT_MASKED);
	CHECK(registers[VTD_RTADDR / 4] >= TABLES && registers[VTD_IQA / 4] >= TABLES);
	CHECK(registers[VTD_IRTA / 4] >= TABLES && (registers[VTD_IRTA / 4] & 0xfff) == 0x80f);
}

TEST(registers_that_linux_writes_are_not_the_units)
{
	uint32_t had[1024];

	take();
	memcpy(had, registers, sizeof(had));
	for (unsigned at = 0; at < 0x1000; at += 4)
		if (at != VTD_GCMD && at != VTD_IQT)
			CHECK(write_as_linux(at, 4, 0xffffffff));
	CHECK(memcmp(had, registers, sizeof(had)) == 0);
	CHECK_EQ(read_as_linux(VTD_FECTL + 4, 4), 0xffffffff);
	CHECK_EQ(read_as_linux(VTD_CAP, 8), 0xd2008c222f0606);
	CHECK(write_as_linux(VTD_GCMD, 4, VTD_TE | VTD_SRTP | VTD_CFI | VTD_IRE));
	CHECK_EQ(read_as_linux(VTD_GSTS, 4), VTD_SRTP | VTD_SIRTP | VTD_IRE);
	CHECK(registers[VTD_GSTS / 4] & VTD_TE && registers[VTD_GSTS / 4] & VTD_QIE);
	CHECK(!(registers[VTD_GSTS / 4] & VTD_CFI));
	CHECK_EQ(lines, 0);
}

TEST(a_changed_entry_is_copied_before_linux_hears_that_it_counts)
{
	take();
	CHECK_EQ(our_entry(17)[0], linux_entry(17)[0]);
	make_entry(17, 2, 0x42, 0x0010);
	submit(4 | 1 << 4 | 17ull << 32, STATUS);
	CHECK_EQ(status(), 2);
	CHECK_EQ(our_entry(17)[0], 0x20042000d);
	CHECK_EQ(interrupts_flushed, 1);
	CHECK_EQ(read_as_linux(VTD_IQH, 4), read_as_linux(VTD_IQT, 4));
	make_entry(3, 2, 0x43, 0x0011);
	submit(1 | 1 << 4, STATUS); /* contexts: nothing of it is in use */
	CHECK_EQ(our_entry(3)[0], 0);
	submit(4 | 2ull << 27 | 1 << 4 | 2ull << 32, STATUS); /* 0 to 3 */
	CHECK_EQ(our_entry(3)[0], linux_entry(3)[0]);
	make_entry(4000, 1, 0x44, 0x0011);
	submit(4, STATUS); /* all */
	CHECK_EQ(our_entry(4000)[0], linux_entry(4000)[0]);
}

TEST(the_queue_wraps)
{
	take();
	for (unsigned i = 0; i < 300; i++) {
		*(uint32_t *)(ram + STATUS) = 1;
		submit(4 | 1 << 4 | (uint64_t)(i % 64) << 32, STATUS);
		CHECK_EQ(status(), 2);
	}
}

/* Where the status would go to what is not the root's to write, the queue stops there. */
TEST(status_goes_to_memory_of_the_root)
{
	static const uint64_t places[] = {CELL, TABLES,		  0x50000, 0xfee00000,
					  UNIT, 0x7ffffffffff000, ~0ull};

	for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
		take();
		submit(1 | 1 << 4, places[i]);
		CHECK(stopped());
		CHECK_EQ(*(uint32_t *)(ram + CELL), 0);
		CHECK_EQ(*(uint32_t *)(ram + 0x50000), 0);
		CHECK_EQ(read_as_linux(VTD_IQH, 4), 6 * 16);
	}
}

TEST(what_is_no_descriptor_stops_the_queue)
{
	for (unsigned type = 0; type < 16; type++) {
		bool known = type == 1 || type == 2 || type == 4 || type == 5;

		take();
		submit(type | 1 << 4, STATUS);
		CHECK_EQ(stopped(), !known);
		CHECK_EQ(status(), known ? 2 : 0);
		if (known)
			continue;
		/* Linux puts another one there, and clears the error. */
		linux_queue()[5][0] = 1 | 1 << 4;
		CHECK(write_as_linux(VTD_FSTS, 4, 16));
		CHECK(!stopped());
		CHECK_EQ(status(), 2);
	}
}

TEST(a_queue_that_is_not_the_roots_is_not_read)
{
	static const uint64_t places[] = {CELL, TABLES, UNIT, 0xfffffffff000ull};

	for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
		take();
		CHECK(write_as_linux(VTD_GCMD, 4, VTD_IRE));
		CHECK(write_as_linux(VTD_IQT, 4, 0));
		CHECK(write_as_linux(VTD_IQA, 8, places[i]));
		CHECK(write_as_linux(VTD_GCMD, 4, VTD_IRE | VTD_QIE));
		CHECK(!stopped());
		CHECK(write_as_linux(VTD_IQT, 4, 16));
		CHECK(stopped());
	}
}

TEST(a_tail_out_of_the_queue_is_no_work)
{
	take();
	CHECK(write_as_linux(VTD_IQT, 4, 4096));
	CHECK_EQ(read_as_linux(VTD_IQH, 4), 5 * 16);
	CHECK(write_as_linux(VTD_IQT, 4, 0xffffffff));
	CHECK_EQ(read_as_linux(VTD_IQH, 4), 5 * 16);
	CHECK(!stopped());
}

/* No exit does more than so much: it is tried again. */
TEST(a_long_queue_is_done_in_parts)
{
	unsigned exits = 1;

	take();
	for (unsigned i = 0; i < 256; i++)
		linux_queue()[i][0] = 2 | 1 << 4;
	while (!write_as_linux(VTD_IQT, 4, 4 * 16))
		exits++;
	CHECK_EQ(exits, 4);
	CHECK_EQ(read_as_linux(VTD_IQH, 4), 4 * 16);
}

TEST(given_back_as_linux_had_it)
{
	uint32_t had[64];
	struct cellhv_call call = {0};
	uint8_t queue[4096];
	uint32_t used;

	setup();
	used = machine.tables.used;
	memcpy(had, registers, sizeof(had));
	CHECK_EQ(vtd_ops.take(self, &unit, &call), 0);
	submit(4, STATUS);
	memcpy(queue, ram + LINUX_QUEUE, sizeof(queue));
	*(uint32_t *)(ram + STATUS) = 77;
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), 0);
	CHECK_EQ(status(), 77); /* nothing was done twice */
	CHECK(memcmp(queue, ram + LINUX_QUEUE, sizeof(queue)) == 0);
	had[VTD_IQH / 4] = had[VTD_IQT / 4] = 7 * 16;
	had[VTD_GSTS / 4] |= VTD_SRTP; /* that it was ever set nobody can take back */
	for (unsigned at = 0; at < 64; at++)
		CHECK_EQ(registers[at], had[at]);
	CHECK_EQ(machine.tables.used, used);
	CHECK(!unit.remaps && !unit.state);
}

/* A CPU of Linux's was about to run its write once more: the unit does what was not done yet. */
TEST(given_back_with_work_to_do)
{
	struct cellhv_call call = {0};
	uint8_t queue[4096];

	take();
	for (unsigned i = 0; i < 256; i++)
		linux_queue()[i][0] = 2 | 1 << 4;
	linux_queue()[250][0] = 5 | 1 << 5 | 9ull << 32;
	linux_queue()[250][1] = STATUS + 8;
	linux_queue()[2][0] = 5 | 1 << 5 | 7ull << 32;
	linux_queue()[2][1] = STATUS;
	memcpy(queue, ram + LINUX_QUEUE, sizeof(queue));
	CHECK(!write_as_linux(VTD_IQT, 4, 4 * 16));
	CHECK_EQ(read_as_linux(VTD_IQH, 4), 69 * 16);
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), 0);
	CHECK_EQ(registers[VTD_IQH / 4], 4 * 16);
	CHECK_EQ(*(uint32_t *)(ram + STATUS), 7);
	CHECK_EQ(*(uint32_t *)(ram + STATUS + 8), 9);
	CHECK(memcmp(queue, ram + LINUX_QUEUE, sizeof(queue)) == 0);
}

/* Messages in the old format pass by the table: none while it is ours. */
TEST(the_old_format_is_blocked)
{
	struct cellhv_call call = {0};

	setup();
	registers[VTD_GSTS / 4] |= VTD_CFI;
	take_as_it_is();
	CHECK(!(registers[VTD_GSTS / 4] & VTD_CFI));
	CHECK(read_as_linux(VTD_GSTS, 4) & VTD_CFI);
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), 0);
	CHECK(registers[VTD_GSTS / 4] & VTD_CFI);
}

/* The unit's own messages go where the root has said: masked, and as it has said in the end. */
TEST(messages_of_the_unit)
{
	struct cellhv_call call = {0};

	take();
	CHECK_EQ(registers[VTD_IECTL / 4], VTD_EVENT_MASKED);
	CHECK(write_as_linux(VTD_IECTL + 4, 4, 0x41));
	CHECK(write_as_linux(VTD_IECTL + 8, 4, 0xfee01000));
	CHECK(write_as_linux(VTD_IEUADDR, 4, 3));
	CHECK_EQ(registers[VTD_IECTL / 4 + 1], 0);
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), 0);
	CHECK_EQ(registers[VTD_IECTL / 4], 0);
	CHECK_EQ(registers[VTD_IECTL / 4 + 1], 0x41);
	CHECK_EQ(registers[VTD_IECTL / 4 + 2], 0xfee01000);
	CHECK_EQ(registers[VTD_IEUADDR / 4], 3);
}

/* Linux has put its queue where a hostile one would: it is not written. */
TEST(a_hostile_queue_is_not_filled)
{
	struct cellhv_call call = {0};

	take();
	CHECK(write_as_linux(VTD_IQA, 8, CELL));
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), 0);
	CHECK(!(registers[VTD_GSTS / 4] & VTD_QIE));
	CHECK_EQ(*(uint64_t *)(ram + CELL), 0);
}

/* What it may use by now stays until it has been put back. */
TEST(a_silent_unit_is_not_taken)
{
	struct cellhv_call call = {0};
	uint32_t used;

	setup();
	used = machine.tables.used;
	deaf = true;
	CHECK_EQ(vtd_ops.take(self, &unit, &call), -ETIMEDOUT);
	CHECK_EQ(call.check, CELLHV_CHECK_IOMMU_SILENT);
	CHECK(!(registers[VTD_GSTS / 4] & VTD_TE));
	CHECK(unit.state && machine.tables.used > used);
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), -ETIMEDOUT);
	deaf = false;
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), 0);
	CHECK(!unit.state);
	CHECK_EQ(machine.tables.used, used);
}

/* Its queue is Linux's again before its tables are free, and not the other way round. */
TEST(one_that_falls_silent_keeps_its_tables)
{
	struct cellhv_call call = {0};
	uint32_t used;

	take();
	used = machine.tables.used;
	deaf = true;
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), -ETIMEDOUT);
	CHECK_EQ(machine.tables.used, used);
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), -ETIMEDOUT);
	CHECK_EQ(machine.tables.used, used);
	deaf = false;
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), 0);
	CHECK(!unit.state);
}

TEST(no_room_for_tables)
{
	struct cellhv_call call;
	unsigned n = 0;
	uint32_t used, left;

	do {
		void *rest;

		setup();
		used = machine.tables.used;
		left = n ? 255 + n : 0;
		rest = pool_alloc(&machine.tables, pool_available(&machine.tables) - left);
		call = (struct cellhv_call){0};
		if (!vtd_ops.take(self, &unit, &call))
			break;
		CHECK_EQ(call.check, CELLHV_CHECK_POOL_EMPTY);
		CHECK_EQ(registers[VTD_IQA / 4], LINUX_QUEUE);
		CHECK_EQ(registers[VTD_GSTS / 4] & ~VTD_SRTP, VTD_QIE | VTD_IRE | VTD_SIRTP);
		CHECK_EQ(registers[VTD_IQH / 4], 5 * 16);
		pool_free(&machine.tables, rest, 1024 - used - left);
		CHECK_EQ(machine.tables.used, used);
	} while (n++ < 10);
	CHECK(n > 2 && n < 10);
}

TEST(refused)
{
	static const struct {
		uint32_t offset, value, check, feature;
	} cases[] = {
		{VTD_ECAP, 0xf00f58, CELLHV_CHECK_IOMMU_FEATURE, CELLHV_IOMMU_FEATURE_QUEUE},
		{VTD_CAP, 0x222f0006, CELLHV_CHECK_IOMMU_FEATURE, CELLHV_IOMMU_FEATURE_LEVELS},
		{VTD_CAP, 0x222f0601, CELLHV_CHECK_IOMMU_FEATURE, CELLHV_IOMMU_FEATURE_DOMAINS},
		{VTD_CAP + 4, 0x00d2ff8c, CELLHV_CHECK_IOMMU_FEATURE,
		 CELLHV_IOMMU_FEATURE_REGISTERS},
		{VTD_RTADDR, 0x400, CELLHV_CHECK_IOMMU_FEATURE, CELLHV_IOMMU_FEATURE_MODE},
		{VTD_IQA, LINUX_QUEUE | 0x800, CELLHV_CHECK_IOMMU_FEATURE,
		 CELLHV_IOMMU_FEATURE_MODE},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct cellhv_call call = {0};

		setup();
		registers[cases[i].offset / 4] = cases[i].value;
		CHECK_EQ(vtd_ops.probe(self, &unit, &call), -ENODEV);
		CHECK_EQ(call.check, cases[i].check);
		CHECK_EQ(call.object, cases[i].feature);
	}
}

/* ---- Who reaches what ---- */

TEST(a_requester_changes_hands)
{
	struct iommu_domain domain = {.id = 2, .tables = iommu_root_domain.tables};
	uint32_t used;

	take();
	domain.tables = iommu_root_domain.tables;
	CHECK_EQ(paging_init(&domain.tables), 0);
	used = machine.tables.used;
	for (unsigned requester = 0; requester < 0x10000; requester += 0x101) {
		CHECK_EQ(our_context((uint16_t)requester)[0] & 0xfff, 1);
		CHECK_EQ(our_context((uint16_t)requester)[1], 0xff01 << 8 | 2);
	}
	CHECK_EQ(vtd_ops.attach(self, &unit, 0x0128, &domain), 0);
	CHECK_EQ(domains_flushed[1], 1);
	CHECK(contexts_flushed);
	CHECK_EQ(our_context(0x0128)[0], paging_root_phys(&domain.tables) | 1);
	CHECK_EQ(our_context(0x0128)[1], 0xff02 << 8 | 2);
	CHECK_EQ(our_context(0x0129)[1], 0xff01 << 8 | 2);
	CHECK_EQ(our_context(0x0228)[1], 0xff01 << 8 | 2);
	CHECK_EQ(machine.tables.used, used + 1);
	CHECK_EQ(vtd_ops.attach(self, &unit, 0x0129, NULL), 0);
	CHECK_EQ(our_context(0x0129)[0] & 1, 0);
	CHECK_EQ(vtd_ops.attach(self, &unit, 0x0129, &iommu_root_domain), 0);
	CHECK_EQ(vtd_ops.attach(self, &unit, 0x0128, &iommu_root_domain), 0);
	CHECK_EQ(domains_flushed[2], 1);
	CHECK_EQ(our_context(0x0128)[1], 0xff01 << 8 | 2);
	CHECK_EQ(machine.tables.used, used);
	CHECK_EQ(vtd_ops.flush(self, &unit, &domain), 0);
	CHECK_EQ(domains_flushed[2], 2);
}

/* What was refused before is told at once, when the cell has not begun; nothing comes later. */
TEST(records_of_the_former_owner)
{
	struct iommu_domain domain = {.id = 2, .tables = iommu_root_domain.tables};

	take();
	registers[0x228 / 4] = 0x0028;
	registers[0x22c / 4] = 1u << 31 | 5;
	faults = 0;
	CHECK_EQ(vtd_ops.attach(self, &unit, 0x28, &domain), 0);
	CHECK_EQ(faults, 1);
	vtd_ops.poll(self, &unit);
	CHECK_EQ(faults, 1);
}
