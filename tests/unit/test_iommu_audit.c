/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of Linux's, honest and hostile, in the formats of both vendors, and who is blocked. */
#include <stdarg.h>
#include <stdlib.h>

#include "arch/x86/paging_formats.h"
#include "check.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/iommu_domain.h"
#include "core/machine.h"
#include "core/print.h"

#define RAM 0x1000000ull /* 16 MiB */
#define CELL 0xa3000ull
#define BLOCK 0xc00000ull
#define ROOT 0x10000ull
#define TABLE 0x11000ull /* and on */
#define FUNCTION 0x28u
#define STEPS 400u

struct machine machine = {.memory_phys = BLOCK, .ticks_per_ms = 1, .system = {.memory_top = RAM}};
struct iommu_domain iommu_root_domain;
static _Alignas(4096) uint8_t ram[RAM];
static struct iommu unit;
static struct iommu_tables theirs;
static uint32_t users; /* requesters from FUNCTION on */
static unsigned blocks, forgets, lines, reads;
static int block_error;
static uint64_t now;
static void (*meanwhile)(void); /* is called once, before that page is read for the n-th time */
static uint64_t meanwhile_at;
static unsigned meanwhile_in;
static struct cpu *const self;

void *arch_window_map(struct cpu *by, uint64_t phys)
{
	(void)by;
	CHECK(phys < RAM && phys / 4096 != CELL / 4096 && phys < BLOCK);
	reads++;
	if (meanwhile && phys / 4096 == meanwhile_at / 4096 && !--meanwhile_in) {
		void (*act)(void) = meanwhile;

		meanwhile = NULL;
		act();
	}
	return ram + phys;
}

void arch_window_unmap(struct cpu *by)
{
	(void)by;
}

void arch_pause(void)
{
}

uint64_t arch_ticks(void)
{
	return now;
}

bool cell_root_may_give(uint64_t phys, uint64_t size)
{
	return phys + size <= BLOCK && phys / 4096 != CELL / 4096;
}

bool iommu_forbids(uint64_t phys, uint64_t size)
{
	return (phys < CELL + 4096 && CELL < phys + size) ||
	       (phys < BLOCK + CELLHV_MEMORY_SIZE && BLOCK < phys + size);
}

struct iommu *iommu_unit(unsigned n)
{
	return n ? NULL : &unit;
}

void print(const char *format, ...)
{
	CHECK(strstr(format, "which is not Linux's"));
	lines++;
}

/* The root's domain: by pages of 4 KiB, so that only those are known to be right. */
bool paging_lookup(const struct paging *paging, uint64_t virt, struct paging_translation *to)
{
	CHECK(paging == &iommu_root_domain.tables);
	to->page_size = PAGE_SIZE;
	return virt < RAM && !iommu_forbids(virt & ~(PAGE_SIZE - 1), PAGE_SIZE);
}

static bool linux_tables(const struct iommu *of, uint16_t requester, struct iommu_tables *ret)
{
	(void)of;
	*ret = theirs;
	return requester >= FUNCTION && requester < FUNCTION + users;
}

static int block(struct cpu *by, struct iommu *of, uint16_t requester,
		 const struct iommu_tables *tables)
{
	(void)by;
	CHECK(of == &unit && tables->root == theirs.root);
	CHECK(requester >= FUNCTION && requester < FUNCTION + users);
	if (++blocks == users)
		users = 0;
	return block_error;
}

static int forget(struct cpu *by, struct iommu *of, const struct iommu_tables *tables)
{
	(void)by, (void)of;
	CHECK_EQ(tables->root, theirs.root);
	forgets++;
	return 0;
}

static const struct iommu_ops ops = {
	.linux_tables = linux_tables, .block = block, .forget = forget};

static void begin(const struct paging_format *format, unsigned levels)
{
	memset(ram, 0, sizeof(ram));
	unit = (struct iommu){.ops = &ops, .use = IOMMU_OURS, .by_linux = true};
	theirs = (struct iommu_tables){format, ROOT, levels, 5};
	users = 1;
	blocks = forgets = reads = 0;
	block_error = 0;
	now += 10000;
	meanwhile = NULL;
	iommu_audit_begin();
}

static void set(uint64_t table, unsigned index, uint64_t value)
{
	memcpy(ram + table + 8ull * index, &value, 8);
}

/* Entries of both. */
static uint64_t table_at(uint64_t phys, unsigned level)
{
	return theirs.format->table_level ? phys | 1 | level << 9 | 3ull << 61 : phys | 3;
}

static uint64_t page_at(uint64_t phys, bool large)
{
	return theirs.format->table_level ? phys | 1 | 3ull << 61 : phys | 3 | large << 7;
}

/* From the root to a table of level 1. */
static uint64_t tables(unsigned levels, unsigned index)
{
	uint64_t table = ROOT;

	for (unsigned level = levels; level > 1; level--) {
		uint64_t next = TABLE + 0x1000 * (levels - level);

		set(table, index, table_at(next, level - 1));
		table = next;
	}
	return table;
}

/* A whole pass; whether somebody was blocked. */
static bool pass(void)
{
	unsigned steps = 0;

	while (iommu_audit_owed()) {
		unsigned before = reads;

		iommu_audit_step(self, 16);
		CHECK(reads - before <= 16 * 14);
		CHECK(steps++ < STEPS);
	}
	return blocks;
}

static const struct {
	const struct paging_format *format;
	unsigned levels;
} kinds[] = {{&paging_vtd, 3},	 {&paging_vtd, 4},   {&paging_vtd, 5},	 {&paging_vtd, 2},
	     {&paging_amdvi, 1}, {&paging_amdvi, 3}, {&paging_amdvi, 4}, {&paging_amdvi, 6}};
#define KINDS (sizeof(kinds) / sizeof(*kinds))
#define EACH(i)                              \
	for (unsigned i = 0; i < KINDS; i++) \
		if ((begin(kinds[i].format, kinds[i].levels), true))

TEST(honest_tables)
{
	EACH(i)
	{
		uint64_t last = tables(kinds[i].levels, 100);

		for (unsigned n = 0; n < 512; n++)
			set(last, n, page_at((n * 4096ull) % 0xa0000, false));
		set(last, 17, page_at(0xffffffffff000, false)); /* beyond all memory */
		set(last, 18, CELL);				/* not present */
		CHECK(!pass());
		CHECK_EQ(forgets, 1); /* what is in them no more counts no more */
	}
}

TEST(a_page_of_a_cells)
{
	static const unsigned places[] = {0, 1, 255, 511};

	for (unsigned n = 0; n < 4; n++)
		EACH(i)
		{
			unsigned top = kinds[i].levels == 6 ? places[n] / 4 : places[n];

			set(tables(kinds[i].levels, top), places[n], page_at(CELL, false));
			users = 3;
			CHECK(pass());
			CHECK_EQ(blocks, 3); /* all that use them */
			CHECK(!forgets);
			/* Written anew: the next pass finds it again. */
			users = 1;
			blocks = 0;
			iommu_audit_begin();
			CHECK(pass());
		}
}

TEST(large_pages)
{
	EACH(i)
	{
		unsigned levels = kinds[i].levels;
		uint64_t table = TABLE + 0x1000 * (levels - 3), size = 2ull << 20;

		if (levels < 3)
			continue;
		tables(levels, 1);
		set(table, 5, page_at(size, true));
		CHECK(!pass());
		set(table, 6, page_at(0, true)); /* the cell's page is a part of it */
		iommu_audit_begin();
		CHECK(pass());
	}
}

/* AMD-Vi: the address says the size, and levels may be left out. */
TEST(sizes_and_skipped_levels)
{
	begin(&paging_amdvi, 4);
	set(ROOT, 3, table_at(TABLE, 1));
	set(TABLE, 8, 0x80000 | 7 << 9 | 0x7000 | 1 | 3ull << 61); /* 64 KiB up to 8ffff */
	CHECK(!pass());
	set(TABLE, 8, 0xa0000 | 7 << 9 | 0x7000 | 1 | 3ull << 61);
	iommu_audit_begin();
	CHECK(pass());
	begin(&paging_amdvi, 4);
	set(ROOT, 3, table_at(TABLE, 1));
	set(ROOT, 4, table_at(TABLE + 0x1000, 2));
	set(TABLE + 0x1000, 511, page_at(0, true));
	CHECK(pass());
	begin(&paging_amdvi, 2);
	set(ROOT, 3, 0xfffffffffff000 >> 4 << 4 | 7 << 9 | 1); /* all there is */
	CHECK(pass());
}

/* A table of the same level is a fault, here a loop that the unit does not follow either. */
TEST(loops)
{
	begin(&paging_amdvi, 4);
	set(ROOT, 0, table_at(ROOT, 4));
	set(ROOT, 1, table_at(ROOT, 6));
	CHECK(!pass());
	/* Each level is the same page: 512^3 pages, which no honest tables have. */
	begin(&paging_vtd, 4);
	for (unsigned n = 0; n < 512; n++)
		set(ROOT, n, table_at(ROOT, 0));
	CHECK(pass());
	CHECK(reads < 16 * RAM / 4096);
}

TEST(tables_that_are_not_linux_s)
{
	static const uint64_t places[] = {CELL, BLOCK, RAM, 0xffffffffff000};

	for (unsigned n = 0; n < 4; n++)
		EACH(i)
		{
			if (kinds[i].levels < 2)
				continue;
			set(ROOT, 7, table_at(places[n], kinds[i].levels - 1));
			CHECK(pass());
			begin(kinds[i].format, kinds[i].levels);
			theirs.root = places[n];
			CHECK(pass());
		}
}

static void free_table(void)
{
	set(TABLE + 0x1000, 9, 0);
}

static void free_leaf(void)
{
	set(TABLE + 0x2000, 0, 0);
}

/*
 * What is not there any more when it is looked for again was a table that is one no more. The page
 * with the leaf is read on the way down, then copied; its root on the way down alone.
 */
TEST(changed_while_it_is_read)
{
	static const struct {
		void (*act)(void);
		uint64_t at;
		unsigned in;
	} changes[] = {
		{free_leaf, TABLE + 0x2000, 3},
		{free_table, ROOT, 2},
	};

	for (size_t n = 0; n < sizeof(changes) / sizeof(*changes); n++) {
		begin(&paging_vtd, 4);
		set(tables(4, 9), 0, page_at(CELL, false));
		meanwhile = changes[n].act;
		meanwhile_at = changes[n].at;
		meanwhile_in = changes[n].in;
		CHECK(!pass());
		CHECK(!meanwhile);
	}
}

static void change_tables(void)
{
	theirs.root = TABLE + 0x8000;
}

/* Nothing is kept of the tables that Linux had before. */
TEST(other_tables_between_two_steps)
{
	begin(&paging_vtd, 3);
	set(tables(3, 9), 0, page_at(CELL, false));
	for (unsigned n = 0; n < 512; n++)
		set(TABLE + 0x8000, n, page_at(0, false));
	iommu_audit_step(self, 1);
	change_tables();
	CHECK(!pass());
}

TEST(polls)
{
	begin(&paging_vtd, 4);
	CHECK(!pass());
	set(tables(4, 9), 0, page_at(CELL, false));
	for (unsigned n = 0; n < 100; n++)
		iommu_audit_poll(self);
	CHECK(!blocks); /* a pass is over, the next begins later */
	now += 200;
	for (unsigned n = 0; n < 100; n++)
		iommu_audit_poll(self);
	CHECK_EQ(blocks, 1);
	/* Where no unit uses tables of Linux's there is nothing to look at. */
	unit.by_linux = false;
	iommu_audit_begin();
	CHECK(!iommu_audit_owed());
	reads = 0;
	iommu_audit_poll(self);
	CHECK(!reads);
}

TEST(a_unit_that_does_not_block_is_stuck)
{
	begin(&paging_vtd, 4);
	set(tables(4, 9), 0, page_at(CELL, false));
	block_error = -1;
	CHECK(pass());
	CHECK_EQ(unit.use, IOMMU_STUCK);
}

TEST(lines_are_few)
{
	unsigned before;

	now += 100000;
	before = lines;
	for (unsigned n = 0; n < 50; n++) {
		begin(&paging_vtd, 4);
		now -= 10000;
		set(tables(4, 9), 0, page_at(CELL, false));
		CHECK(pass());
	}
	CHECK(lines - before <= 9);
}

/* As Linux has them for devices that are to pass through, where its unit cannot let them. */
TEST(our_own_memory_one_to_one)
{
	begin(&paging_vtd, 3);
	set(ROOT, 0, table_at(TABLE, 0));
	set(TABLE, 6, page_at(BLOCK, true));
	CHECK(iommu_audit_finds_us(self));
	set(TABLE, 6, page_at(0x200000, true));
	CHECK(!iommu_audit_finds_us(self));
}
