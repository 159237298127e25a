/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page tables as start64.S makes them, in this program's memory; the processor is left out. */
#define X86_H
#include "check.h"
#include "runtime/internal.h"

static unsigned int flushes;

static unsigned long read_cr3(void)
{
	return 0;
}

static void write_cr3(unsigned long value)
{
	(void)value;
	flushes++;
}

#include "runtime/x86/device64.c" /* NOLINT(bugprone-suspicious-include) */

#define ENTRIES 512
#define CACHED 0
#define MISSING -1

uint64_t pml4[ENTRIES] __attribute__((aligned(4096)));
static uint64_t pdpt[ENTRIES] __attribute__((aligned(4096)));
static uint64_t directories[4][ENTRIES] __attribute__((aligned(4096)));

/* 4 GiB in pages of 2 MiB, the last GiB uncached. */
static void start_over(void)
{
	memset(pml4, 0, sizeof(pml4));
	memset(pdpt, 0, sizeof(pdpt));
	memset(tables, 0, sizeof(tables));
	tables_used = flushes = 0;
	pml4[0] = (uintptr_t)pdpt | PAGE_TABLE;
	for (uint64_t i = 0; i < 4 * ENTRIES; i++)
		directories[i / ENTRIES][i % ENTRIES] = i * LARGE_SIZE | PAGE_TABLE | PAGE_LARGE |
							(i < 3 * ENTRIES ? 0 : PAGE_UNCACHED);
	for (unsigned int i = 0; i < 4; i++)
		pdpt[i] = (uintptr_t)directories[i] | PAGE_TABLE;
}

/* What the processor makes of an address: CACHED, PAGE_UNCACHED or MISSING; it leads to itself. */
static long type_of(uint64_t address)
{
	const uint64_t *table = pml4;
	uint64_t entry = 0;
	unsigned int level = 4;

	for (;; level--) {
		entry = table[address >> (3 + 9 * level) & (ENTRIES - 1)];
		if (!(entry & PAGE_PRESENT))
			return MISSING;
		if (level == 1 || (entry & PAGE_LARGE))
			break;
		table = (const uint64_t *)(entry & PAGE_ADDRESS);
	}
	CHECK_EQ(entry & PAGE_ADDRESS, address & -(1ul << (3 + 9 * level)));
	CHECK_EQ(entry & PAGE_TABLE, PAGE_TABLE);
	return (long)(entry & PAGE_UNCACHED);
}

/* Uncached from `start` to `end`, and `around` before and behind. */
static void check_range(uint64_t start, uint64_t end, long around)
{
	CHECK_EQ(type_of(start - SMALL_SIZE), around);
	CHECK_EQ(type_of(end), around);
	for (uint64_t at = start; at < end; at += SMALL_SIZE)
		CHECK_EQ(type_of(at), PAGE_UNCACHED);
}

TEST(above_what_is_mapped)
{
	start_over();
	CHECK_EQ(device_map(0x7000004000, 0x4000), 0x7000004000);
	check_range(0x7000004000, 0x7000008000, MISSING);
	CHECK_EQ(tables_used, 2); /* entry 0 of the top table has 512 GiB */
	CHECK_EQ(flushes, 1);
	CHECK_EQ(device_map(0x7000100800, 0x10), 0x7000100800);
	check_range(0x7000100000, 0x7000101000, MISSING);
	CHECK_EQ(tables_used, 2);
	CHECK_EQ(device_map(0x7000007ff8, 0x10), 0x7000007ff8);
	check_range(0x7000004000, 0x7000009000, MISSING);
}

TEST(another_half_terabyte)
{
	start_over();
	CHECK_EQ(device_map(0x38f000000000, 0x1000), 0x38f000000000);
	CHECK_EQ(tables_used, 3);
	check_range(0x38f000000000, 0x38f000001000, MISSING);
}

TEST(a_cached_large_page_is_split)
{
	start_over();
	CHECK_EQ(device_map(0x80004000, 0x2000), 0x80004000);
	CHECK_EQ(tables_used, 1);
	check_range(0x80004000, 0x80006000, CACHED);
	CHECK_EQ(type_of(0x80000000), CACHED);
	CHECK_EQ(type_of(0x801ff000), CACHED);
	CHECK_EQ(type_of(0x80200000), CACHED);
}

TEST(what_is_uncached_costs_nothing)
{
	start_over();
	CHECK_EQ(device_map(0xfef00000, 0x100000), 0xfef00000);
	CHECK_EQ(device_map(0xfebc0123, 1), 0xfebc0123);
	CHECK_EQ(tables_used, 0);
	CHECK_EQ(type_of(0xfef00000), PAGE_UNCACHED);
}

TEST(large_ones_in_large_pages)
{
	start_over();
	CHECK_EQ(device_map(0xb0000000, 0x10000000), 0xb0000000);
	CHECK_EQ(tables_used, 0);
	CHECK_EQ(type_of(0xafffffff), CACHED);
	CHECK_EQ(type_of(0xb0000000), PAGE_UNCACHED);
	CHECK_EQ(type_of(0xbfffffff), PAGE_UNCACHED);
}

TEST(many_large_ones_above)
{
	start_over();
	CHECK_EQ(device_map(0x4000000000, 0x40000000), 0x4000000000);
	CHECK_EQ(tables_used, 1);
	check_range(0x4000000000, 0x4040000000, MISSING);
}

TEST(when_no_table_is_left)
{
	start_over();
	for (unsigned int i = 0; i < TABLES; i++)
		CHECK_EQ(device_map(0x40000000 + i * LARGE_SIZE, 0x1000),
			 0x40000000 + i * LARGE_SIZE);
	CHECK_EQ(device_map(0x50000000, 0x1000), 0);
	CHECK_EQ(type_of(0x50000000), CACHED);
	CHECK_EQ(device_map(0x40001000, 0x1000), 0x40001000);
}

TEST(what_is_beyond_reach)
{
	start_over();
	CHECK_EQ(device_map(0x1000, 0), 0);
	CHECK_EQ(device_map(1ul << 47, 0x1000), 0);
	CHECK_EQ(device_map((1ul << 47) - 0x1000, 0x1001), 0);
	CHECK_EQ(device_map(-0x1000ul, 0x2000), 0);
	CHECK_EQ(device_map(0x1000, -0x1000ul), 0);
	CHECK_EQ(tables_used, 0);
	CHECK_EQ(device_map((1ul << 47) - 0x1000, 0x1000), (1ul << 47) - 0x1000);
}
