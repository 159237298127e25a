/* SPDX-License-Identifier: GPL-2.0-only */
/* The page tables a CPU loads on its way in: the hypervisor block and the switch pages. */
#ifndef CELLHV_KMOD_TABLES_H
#define CELLHV_KMOD_TABLES_H

#include <cellhv/x86/launch.h>

#define BOOT_TABLE_PAGES 13

struct boot_tables {
	u64 *page[BOOT_TABLE_PAGES]; /* the first is the root */
	unsigned int used;
};

int tables_build(struct boot_tables *tables, const struct cellhv_boot *boot);
void tables_free(struct boot_tables *tables);
u64 tables_cr3(const struct boot_tables *tables);

#endif
