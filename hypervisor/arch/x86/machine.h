/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine as the hypervisor found it, and its own memory. Written while the first CPU enters.
 */
#ifndef X86_MACHINE_H
#define X86_MACHINE_H

#include <cellhv/x86/launch.h>

#include "core/machine.h"

#define XAPIC_BASE 0xfee00000ull

/* Where the hypervisor's own page tables put things; the block itself is at CELLHV_BASE. */
#define LAYOUT_TABLES (CELLHV_BASE + (512ul << 20)) /* the block for tables of IOMMUs */
#define LAYOUT_STACKS (CELLHV_BASE + (1ull << 30))  /* per CPU, with guard pages */
#define LAYOUT_WINDOWS (CELLHV_BASE + (2ull << 30)) /* one page per CPU */
#define LAYOUT_XAPIC (CELLHV_BASE + (3ull << 30))   /* APIC registers */

/* What of the machine is x86's own, beside core's struct machine. */
struct x86_machine {
	struct paging paging; /* the hypervisor's own */
	uint64_t memory_virt; /* Linux's address of its block */
	uint64_t leave;	      /* the leave routine in the switch page */
	uint32_t apic_khz;    /* 0 until the first cell takes a CPU */
	bool root_x2apic;
	bool has_x2apic;
	bool has_huge_pages; /* 1 GiB, in the hypervisor's own tables */
	uint8_t *root_msr_bitmap;
	uint8_t *cell_msr_bitmap;
	uint8_t *root_port_bitmap;
	uint8_t *cell_port_bitmap; /* of cells without ports of their own */
};

extern struct x86_machine x86_machine;

/* While the first CPU enters, on the module's tables. -EINVAL, -ENOMEM, -ENODEV: see boot->refusal
 */
int machine_init(struct cellhv_boot *boot);

/* Of each CPU, before anything of it is changed: has it what is needed, and can Linux's state be
 * carried? */
int machine_check_cpu(struct cellhv_boot *boot);

#endif
