/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VT-d driver where Linux translates: its contexts are followed, its tables of pages used. */
#include "vtd_model.h"

#include "core/memory.h"

#define PAGES 0x70000ull	  /* a table of Linux's */
#define OURS(id) (0xff00u + (id)) /* with 65,536 ids */
#define ROOTS (OURS(1) << 8 | 2)
#define TRANSLATED(id) ((uint64_t)(id) << 8 | 2)
#define PASSES 9 /* present, type 2 */

static void set_linux(uint16_t requester, uint64_t low, uint64_t high)
{
	linux_context(requester)[0] = low;
	linux_context(requester)[1] = high;
}

/* As the root's CPU writes: core does it. */
static void write_table(uint64_t phys, unsigned size, uint64_t value)
{
	const struct iommu_write write = {.phys = phys, .size = size, .value = value};

	CHECK(vtd_ops.follows(&unit, phys & ~0xfffull, PAGE_SIZE));
	CHECK(!memory_root_writes(phys));
	memcpy(ram + phys, &value, size);
	vtd_ops.follow(self, &unit, &write);
}

static uint64_t context_phys(uint16_t requester, unsigned word)
{
	return LINUX_CONTEXTS + 4096u * (requester >> 8) + 16 * (requester & 0xff) + 8 * word;
}

/* Two devices that are translated: 00:05.0 by domain 5, 01:00.0 by 6. */
static void take_translating(void)
{
	setup_translation();
	set_linux(0x28, PAGES | 1, TRANSLATED(5));
	set_linux(0x100, (PAGES + 0x1000) | 1, TRANSLATED(6));
	take_as_it_is();
}

static void check_context(uint16_t requester, uint64_t low, uint64_t high)
{
	CHECK_EQ(our_context(requester)[0], low);
	CHECK_EQ(our_context(requester)[1], high);
}

TEST(linux_s_entries_are_carried)
{
	static const struct {
		uint64_t low, high, our_low, our_high;
	} cases[] = {
		{0, 0, 0, 0},
		{PAGES | 1, TRANSLATED(5), PAGES | 1, TRANSLATED(5)},
		{PAGES | 3, TRANSLATED(5), PAGES | 3, TRANSLATED(5)}, /* FPD */
		{PAGES | 5, TRANSLATED(5), PAGES | 1, TRANSLATED(5)}, /* ATS */
		{PAGES | 0xd, TRANSLATED(5), 0, 0},		      /* reserved type */
		{PAGES, TRANSLATED(5), 0, 0},			      /* not present */
		{CELL | 1, TRANSLATED(5), 0, 0},		      /* not the root's */
		{TABLES | 1, TRANSLATED(5), 0, 0},
		{0xffffffffff001, TRANSLATED(5), 0, 0},
		{PAGES | 1, TRANSLATED(0xfeff), PAGES | 1, TRANSLATED(0xfeff)},
		{PAGES | 1, TRANSLATED(OURS(0)), 0, 0}, /* ids of ours */
		{PAGES | 1, TRANSLATED(0xffff), 0, 0},
		{PAGES | 0xff1, ~0ull, 0, 0},
		{PAGES | 0xff1 | 1ull << 63, 5 << 8 | 0xffffffffff00007a, PAGES | 1, TRANSLATED(5)},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		setup_translation();
		set_linux(0x28, cases[i].low, cases[i].high);
		set_linux(0x100, PAGES | 1, TRANSLATED(7));
		take_as_it_is();
		check_context(0x28, cases[i].our_low, cases[i].our_high);
		CHECK(unit.by_linux);
	}
}

TEST(what_passes_through_has_the_roots_domain)
{
	setup_translation();
	set_linux(0x28, PASSES, TRANSLATED(2));
	set_linux(0x30, PASSES | 2, TRANSLATED(2));
	take_as_it_is();
	CHECK(!unit.by_linux);
	check_context(0x28, paging_root_phys(&iommu_root_domain.tables) | 1, ROOTS);
	check_context(0x30, paging_root_phys(&iommu_root_domain.tables) | 3, ROOTS);
	/* Of others, and of buses without a table, Linux blocks all: so do we. */
	check_context(0x29, 0, 0);
	check_context(0x128, 0, 0);
	check_context(0xff28, 0, 0);
	/* Tables that come later could lead anywhere: cells were told that they are isolated. */
	write_table(context_phys(0x30, 0), 8, PAGES | 1);
	check_context(0x30, 0, 0);
}

/* No descriptor comes: the entry counts when the exit is over. */
TEST(an_entry_that_becomes_present)
{
	take_translating();
	write_table(context_phys(0x30, 1), 8, TRANSLATED(9));
	check_context(0x30, 0, 0);
	write_table(context_phys(0x30, 0), 8, PAGES);
	check_context(0x30, 0, 0);
	write_table(context_phys(0x30, 0), 8, PAGES | 1);
	check_context(0x30, PAGES | 1, TRANSLATED(9));
	CHECK_EQ(linux_context(0x30)[0], PAGES | 1);
	write_table(context_phys(0x30, 0), 4, 0);
	check_context(0x30, 0, 0);
	CHECK_EQ(linux_context(0x30)[0], 0);
	write_table(context_phys(0x30, 0), 1, 1);
	CHECK_EQ(linux_context(0x30)[0], 1);
}

TEST(a_bus_gets_a_table)
{
	uint64_t page = LINUX_CONTEXTS + 0x2000;
	uint32_t used;

	take_translating();
	used = machine.tables.used;
	CHECK(memory_root_writes(page));
	set_linux(0x208, PAGES | 1, TRANSLATED(9));
	write_table(LINUX_ROOT + 2 * 16, 8, page | 1);
	check_context(0x208, PAGES | 1, TRANSLATED(9));
	CHECK(!memory_root_writes(page));
	write_table(context_phys(0x210, 1), 8, TRANSLATED(10));
	write_table(context_phys(0x210, 0), 8, PAGES | 1);
	check_context(0x210, PAGES | 1, TRANSLATED(10));
	write_table(LINUX_ROOT + 2 * 16, 8, 0);
	check_context(0x208, 0, 0);
	CHECK(memory_root_writes(page));
	CHECK(!vtd_ops.follows(&unit, page, PAGE_SIZE));
	CHECK_EQ(machine.tables.used, used);
	CHECK(contexts_flushed);
}

/* A hostile root points at what it may not change, or at one page from everywhere. */
TEST(tables_where_none_may_be)
{
	static const uint64_t places[] = {CELL, TABLES, UNIT, 0x50000, 0xffffffffff000};

	take_translating();
	for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
		write_table(LINUX_ROOT + 2 * 16, 8, places[i] | 1);
		check_context(0x200, 0, 0);
		CHECK(!vtd_ops.follows(&unit, places[i], PAGE_SIZE));
	}
	write_table(LINUX_ROOT + 2 * 16, 8, LINUX_CONTEXTS | 1);
	check_context(0x228, PAGES | 1, TRANSLATED(5));
	write_table(context_phys(0x28, 0), 8, 0);
	check_context(0x28, 0, 0);
	check_context(0x228, 0, 0);
	write_table(LINUX_ROOT, 8, 0);
	CHECK(!memory_root_writes(LINUX_CONTEXTS));
	write_table(LINUX_ROOT + 2 * 16, 8, LINUX_ROOT | 1);
	CHECK(memory_root_writes(LINUX_CONTEXTS));
	CHECK(!memory_root_writes(LINUX_ROOT));
}

TEST(nothing_new_passes_where_there_is_no_room)
{
	void *rest;

	take_translating();
	no_watch = true;
	write_table(LINUX_ROOT + 2 * 16, 8, (LINUX_CONTEXTS + 0x2000) | 1);
	check_context(0x200, 0, 0);
	no_watch = false;
	rest = pool_alloc(&machine.tables, pool_available(&machine.tables));
	set_linux(0x200, PASSES, 0);
	write_table(LINUX_ROOT + 2 * 16, 8, (LINUX_CONTEXTS + 0x2000) | 1);
	check_context(0x200, 0, 0);
	CHECK(rest);
}

/* Linux does it by itself, and is looked at with each of its commands, and by POLL. */
TEST(an_instruction_that_nobody_decodes)
{
	const struct iommu_write write = {.phys = context_phys(0x30, 0)};

	take_translating();
	vtd_ops.follow(self, &unit, &write);
	set_linux(0x30, PAGES | 1, TRANSLATED(9));
	submit(2 | 1 << 4, STATUS);
	check_context(0x30, PAGES | 1, TRANSLATED(9));
	set_linux(0x38, PAGES | 1, TRANSLATED(9));
	vtd_ops.poll(self, &unit);
	check_context(0x38, PAGES | 1, TRANSLATED(9));
}

/* By the audit. What Linux says once more of it changes nothing, before it says something else. */
TEST(blocked_until_linux_writes_the_entry_anew)
{
	struct iommu_tables tables = {0};

	take_translating();
	CHECK(!vtd_ops.linux_tables(&unit, 0x30, &tables));
	CHECK(vtd_ops.linux_tables(&unit, 0x28, &tables));
	CHECK(tables.format == &paging_vtd && tables.root == PAGES && tables.levels == 4 &&
	      tables.domain == 5);
	CHECK_EQ(vtd_ops.block(self, &unit, 0x100, &tables), 0); /* it uses others */
	check_context(0x100, (PAGES + 0x1000) | 1, TRANSLATED(6));
	CHECK_EQ(vtd_ops.block(self, &unit, 0x28, &tables), 0);
	CHECK_EQ(our_context(0x28)[0] & 1, 0);
	CHECK_EQ(domains_flushed[5], 1);
	CHECK_EQ(last_iotlb[0] & 0xc0, 0xc0); /* drained */
	CHECK(contexts_flushed);
	CHECK(!vtd_ops.linux_tables(&unit, 0x28, &tables));
	write_table(context_phys(0x28, 0), 8, PAGES | 1);
	CHECK_EQ(our_context(0x28)[0] & 1, 0);
	vtd_of(&unit)->open = true; /* looked at by POLL */
	vtd_ops.poll(self, &unit);
	CHECK_EQ(our_context(0x28)[0] & 1, 0);
	check_context(0x100, (PAGES + 0x1000) | 1, TRANSLATED(6));
	write_table(context_phys(0x28, 0), 8, 0);
	write_table(context_phys(0x28, 0), 8, PAGES | 1);
	check_context(0x28, PAGES | 1, TRANSLATED(5));
}

/* Memory changes hands: what Linux has not made the unit forget counts no more either. */
TEST(all_is_forgotten)
{
	take_translating();
	CHECK_EQ(vtd_ops.flush(self, &unit, &iommu_root_domain), 0);
	CHECK_EQ(last_iotlb[0] & 0x30, 1 << 4);
}

TEST(invalidations_are_passed_on)
{
	static const struct {
		uint64_t low, high, passed_low, passed_high;
	} cases[] = {
		{2 | 1 << 4, 0, 2 | 1 << 4, 0}, /* all */
		{2 | 1 << 4 | 0xffffffffull << 32, ~0ull, 2 | 1 << 4, 0},
		{2 | 2 << 4 | 5 << 16, 0, 2 | 2 << 4 | 5 << 16, 0},		  /* a domain */
		{2 | 3 << 4 | 5 << 16, 0x123000, 2 | 3 << 4 | 5 << 16, 0x123000}, /* a page */
		{2 | 3 << 4 | 5 << 16, 0x123fd2, 2 | 3 << 4 | 5 << 16, 0x123052}, /* 2^18, leaves */
		{2 | 3 << 4 | 5 << 16, 0x123013, 2 | 2 << 4 | 5 << 16, 0},	  /* too many */
		{2 | 2 << 4 | 0xff01ull << 16, 0, 0, 0},			  /* ours */
		{2 | 3 << 4 | 0xffffull << 16, 0, 0, 0},
	};

	take_translating();
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		last_iotlb[0] = last_iotlb[1] = 0;
		*(uint32_t *)(ram + STATUS) = 0;
		submit_both(cases[i].low, cases[i].high, STATUS);
		CHECK_EQ(status(), 2);
		CHECK_EQ(last_iotlb[0] & ~0xc0ull, cases[i].passed_low);
		CHECK_EQ(last_iotlb[1], cases[i].passed_high);
	}
	contexts_flushed = 0;
	submit(1 | 3 << 4 | 5 << 16 | 0x28ull << 32, STATUS);
	CHECK_EQ(contexts_flushed, 1);
}

TEST(what_is_no_invalidation_stops_the_queue)
{
	static const uint64_t wrong[] = {1, 2, 3, 2 | 5 << 16};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		take_translating();
		submit(wrong[i], STATUS);
		CHECK(stopped());
	}
	/* Devices' own translations are none where the unit can have them. */
	setup_translation();
	registers[VTD_ECAP / 4] |= 4;
	take_as_it_is();
	submit(3, STATUS);
	CHECK(!stopped());
}

TEST(functions_of_cells_are_theirs)
{
	struct iommu_domain domain = {.id = 2, .tables = iommu_root_domain.tables};

	take_translating();
	domain.tables = iommu_root_domain.tables;
	CHECK_EQ(paging_init(&domain.tables), 0);
	CHECK_EQ(vtd_ops.attach(self, &unit, 0x28, &domain), 0);
	check_context(0x28, paging_root_phys(&domain.tables) | 1, OURS(2) << 8 | 2);
	CHECK_EQ(domains_flushed[5], 1);
	write_table(context_phys(0x28, 0), 8, (PAGES + 0x2000) | 1);
	check_context(0x28, paging_root_phys(&domain.tables) | 1, OURS(2) << 8 | 2);
	CHECK(write_as_linux(VTD_GCMD, 4, VTD_TE | VTD_SRTP | VTD_QIE | VTD_IRE));
	check_context(0x28, paging_root_phys(&domain.tables) | 1, OURS(2) << 8 | 2);
	CHECK_EQ(vtd_ops.attach(self, &unit, 0x28, &iommu_root_domain), 0);
	check_context(0x28, (PAGES + 0x2000) | 1, TRANSLATED(5));
	CHECK_EQ(vtd_ops.attach(self, &unit, 0x28, NULL), 0);
	CHECK_EQ(our_context(0x28)[0] & 1, 0);
	write_table(context_phys(0x28, 0), 8, PAGES | 1);
	CHECK_EQ(our_context(0x28)[0] & 1, 0);
}

/* A unit with 256 ids has 64 for us. */
TEST(few_ids)
{
	struct iommu_domain domain = {.id = 64, .tables = iommu_root_domain.tables};

	setup_translation();
	registers[VTD_CAP / 4] = 0x222f0602;
	set_linux(0x28, PAGES | 1, TRANSLATED(191));
	set_linux(0x30, PAGES | 1, TRANSLATED(192));
	take_as_it_is();
	check_context(0x28, PAGES | 1, TRANSLATED(191));
	check_context(0x30, 0, 0);
	CHECK_EQ(vtd_ops.attach(self, &unit, 0x30, &domain), -ENOMEM);
	domain.id = 63;
	CHECK_EQ(vtd_ops.attach(self, &unit, 0x30, &domain), 0);
	CHECK_EQ(our_context(0x30)[1], 255 << 8 | 2);
}

/* As a crash kernel does: another root table; and as one does that shuts down: none. */
TEST(linux_has_other_tables)
{
	const uint64_t other = 0x90000, contexts = 0x91000;

	take_translating();
	((uint64_t *)(ram + other))[0] = contexts | 1;
	((uint64_t *)(ram + contexts))[2 * 0x30] = PAGES | 1;
	((uint64_t *)(ram + contexts))[2 * 0x30 + 1] = TRANSLATED(3);
	CHECK(write_as_linux(VTD_RTADDR, 8, other));
	check_context(0x28, PAGES | 1, TRANSLATED(5));
	CHECK(write_as_linux(VTD_GCMD, 4, VTD_TE | VTD_SRTP | VTD_QIE | VTD_IRE));
	check_context(0x28, 0, 0);
	check_context(0x30, PAGES | 1, TRANSLATED(3));
	CHECK(memory_root_writes(LINUX_ROOT) && memory_root_writes(LINUX_CONTEXTS));
	CHECK(!memory_root_writes(other) && !memory_root_writes(contexts));
	CHECK(write_as_linux(VTD_GCMD, 4, VTD_QIE | VTD_IRE));
	CHECK_EQ(our_context(0x28)[1], ROOTS);
	CHECK_EQ(our_context(0xff00)[1], ROOTS);
	CHECK_EQ(read_as_linux(VTD_GSTS, 4) & VTD_TE, 0);
	CHECK(write_as_linux(VTD_GCMD, 4, VTD_TE | VTD_QIE | VTD_IRE));
	check_context(0x28, 0, 0);
	check_context(0xff00, 0, 0);
	check_context(0x30, PAGES | 1, TRANSLATED(3));
	/* Scalable mode is not read. */
	CHECK(write_as_linux(VTD_RTADDR, 8, other | 0x400));
	CHECK(write_as_linux(VTD_GCMD, 4, VTD_TE | VTD_SRTP | VTD_QIE | VTD_IRE));
	check_context(0x30, 0, 0);
}

/* Translated devices are so all the time. */
TEST(given_back_translating)
{
	struct cellhv_call call = {0};
	uint32_t used;

	take_translating();
	used = machine.tables.used;
	CHECK(!memory_root_writes(LINUX_ROOT));
	translation_went_off = false;
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), 0);
	CHECK(!translation_went_off);
	CHECK_EQ(registers[VTD_RTADDR / 4], LINUX_ROOT);
	CHECK(registers[VTD_GSTS / 4] & VTD_TE);
	CHECK(memory_root_writes(LINUX_ROOT) && memory_root_writes(LINUX_CONTEXTS));
	CHECK(!unit.by_linux);
	CHECK_EQ(vtd_ops.take(self, &unit, &call), 0);
	CHECK(!translation_went_off);
	CHECK_EQ(machine.tables.used, used);
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), 0);
}

TEST(a_take_that_fails_is_undone)
{
	struct cellhv_call call = {0};

	setup_translation();
	set_linux(0x28, PAGES | 1, TRANSLATED(5));
	silent_cpu = 2;
	translation_went_off = false;
	CHECK_EQ(vtd_ops.take(self, &unit, &call), -ETIMEDOUT);
	CHECK_EQ(call.check, CELLHV_CHECK_CPU_SILENT);
	CHECK_EQ(call.object, 2);
	silent_cpu = -1;
	no_watch = true;
	call = (struct cellhv_call){0};
	CHECK_EQ(vtd_ops.take(self, &unit, &call), -ENOMEM);
	CHECK_EQ(call.check, CELLHV_CHECK_POOL_EMPTY);
	CHECK(!translation_went_off);
	CHECK(memory_root_writes(LINUX_ROOT) && !unit.state && !unit.by_linux);
	CHECK_EQ(registers[VTD_RTADDR / 4], LINUX_ROOT);
}
