/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of devices in the page tables of 64-bit code (AMD64 APM vol. 2, 5.3 and 5.4), which
 * start64.S has made for the first 4 GiB.
 */
#include "internal.h"

#define PAGE_TABLE 0x63ul /* present, writable, accessed, dirty */
#define PAGE_PRESENT 0x1ul
#define PAGE_UNCACHED 0x18ul /* PCD, PWT */
#define PAGE_LARGE 0x80ul
#define PAGE_ADDRESS 0x000ffffffffff000ul
#define LARGE_SIZE 0x200000ul
#define SMALL_SIZE 0x1000ul
#define TABLE_ENTRIES 512
#define TABLES 8 /* for more than what start64.S has */
#define REACH (1ul << 47)

/* Level 2 has pages of 2 MiB, level 1 of 4 KiB. */
#define LEVEL_LARGE 2
#define LEVEL_SMALL 1

static uint64_t tables[TABLES][TABLE_ENTRIES] __attribute__((aligned(4096)));
static unsigned int tables_used;

static uint64_t *entry_of(uint64_t *table, uint64_t address, unsigned int level)
{
	return &table[address >> (3 + 9 * level) & (TABLE_ENTRIES - 1)];
}

/* A table in place of what is not present, or of a large page with the same in small ones. */
static bool split(uint64_t *entry)
{
	uint64_t *table;

	if (tables_used == TABLES)
		return false;
	table = tables[tables_used++];
	for (unsigned int i = 0; *entry & PAGE_PRESENT && i < TABLE_ENTRIES; i++)
		table[i] = (*entry & ~PAGE_LARGE) + i * SMALL_SIZE;
	*entry = (uintptr_t)table | PAGE_TABLE;
	return true;
}

static bool map_page(uint64_t address, unsigned int level)
{
	uint64_t *table = pml4, *entry;

	for (unsigned int above = 4; above > level; above--) {
		entry = entry_of(table, address, above);
		if ((*entry & PAGE_LARGE) && (*entry & PAGE_UNCACHED) == PAGE_UNCACHED)
			return true;
		if ((!(*entry & PAGE_PRESENT) || (*entry & PAGE_LARGE)) && !split(entry))
			return false;
		table = (uint64_t *)(*entry & PAGE_ADDRESS);
	}
	*entry_of(table, address, level) =
		address | PAGE_TABLE | PAGE_UNCACHED | (level == LEVEL_LARGE ? PAGE_LARGE : 0);
	return true;
}

uintptr_t device_map(uint64_t address, uint64_t size)
{
	uint64_t at = address & -SMALL_SIZE, step;

	if (!size || address >= REACH || size > REACH - address)
		return 0;
	for (; at < address + size; at += step) {
		bool is_large = at % LARGE_SIZE == 0 && address + size - at >= LARGE_SIZE;

		step = is_large ? LARGE_SIZE : SMALL_SIZE;
		if (!map_page(at, is_large ? LEVEL_LARGE : LEVEL_SMALL))
			return 0;
	}
	write_cr3(read_cr3()); /* which forgets old entries (5.5.2) */
	return address;
}
