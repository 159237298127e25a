// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page tables a CPU loads on its way in: the hypervisor block and the two pages that the switch
 * happens in. They have as many levels as Linux's, since that cannot change in long mode (AMD64 APM
 * vol. 2, 5.3).
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <asm/io.h>
#include <asm/processor-flags.h>
#include <asm/special_insns.h>
#include "tables.h"

#define PTE_PRESENT 0x1ull
#define PTE_WRITE 0x2ull
#define PTE_LARGE 0x80ull
#define PTE_ADDRESS 0x000ffffffffff000ull

static u64 *tables_page(struct boot_tables *tables)
{
	if (tables->used == BOOT_TABLE_PAGES)
		return NULL;

	return tables->page[tables->used++];
}

/* The entry for virt at `level` (1: 4 KiB, 2: 2 MiB), with the tables above it. */
static u64 *tables_entry(struct boot_tables *tables, u64 virt, int level)
{
	int top = __read_cr4() & X86_CR4_LA57 ? 5 : 4;
	u64 *table = tables->page[0];

	for (int l = top;; l--) {
		u64 *entry = &table[(virt >> (12 + 9 * (l - 1))) & 511];

		if (l == level)
			return entry;
		if (!*entry) {
			u64 *next = tables_page(tables);

			if (!next)
				return NULL;
			*entry = virt_to_phys(next) | PTE_PRESENT | PTE_WRITE;
		}
		table = phys_to_virt(*entry & PTE_ADDRESS);
	}
}

static int tables_map_page(struct boot_tables *tables, u64 virt, u64 phys, u64 access)
{
	u64 *entry = tables_entry(tables, virt, 1);

	if (!entry)
		return -ENOMEM;
	*entry = phys | PTE_PRESENT | access;
	return 0;
}

int tables_build(struct boot_tables *tables, const struct cellhv_boot *boot)
{
	u64 *entry;
	int err;

	for (int i = 0; i < BOOT_TABLE_PAGES; i++) {
		tables->page[i] = (u64 *)get_zeroed_page(GFP_KERNEL);
		if (!tables->page[i])
			return -ENOMEM;
	}
	tables->used = 1;

	for (u64 offset = 0; offset < CELLHV_MEMORY_SIZE; offset += PMD_SIZE) {
		entry = tables_entry(tables, CELLHV_BASE + offset, 2);
		if (!entry)
			return -ENOMEM;
		*entry = (boot->memory_phys + offset) | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
	}
	err = tables_map_page(tables, boot->switch_page, boot->switch_page_phys, 0);
	return err ?: tables_map_page(tables, boot->switch_data, boot->switch_data_phys, PTE_WRITE);
}

void tables_free(struct boot_tables *tables)
{
	for (int i = 0; i < BOOT_TABLE_PAGES; i++)
		free_page((unsigned long)tables->page[i]);
}

u64 tables_cr3(const struct boot_tables *tables)
{
	return virt_to_phys(tables->page[0]);
}
