/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine as the hypervisor found it, and its own memory. Written while the first CPU enters.
 */
#ifndef X86_MACHINE_H
#define X86_MACHINE_H

#include "core/paging.h"
#include "core/pool.h"
#include <cellhv/launch.h>

#define XAPIC_BASE 0xfee00000ull

/* Where the hypervisor's own page tables put things; the block itself is at CELLHV_BASE. */
#define LAYOUT_STACKS (CELLHV_BASE + (1ull << 30))  /* per CPU, with guard pages */
#define LAYOUT_WINDOWS (CELLHV_BASE + (2ull << 30)) /* one page per CPU */
#define LAYOUT_XAPIC (CELLHV_BASE + (3ull << 30))   /* APIC registers */

struct machine {
	struct cellhv_system_config system;
	struct page_pool pool;
	struct paging paging; /* the hypervisor's own */
	uint64_t memory_phys; /* CELLHV_MEMORY_SIZE bytes of ours */
	uint64_t memory_virt; /* Linux's address of the same */
	uint64_t leave;	      /* the leave routine in the switch page */
	uint64_t phys_limit;  /* first address the CPUs cannot form */
	uint64_t ones;	      /* page that the root reads where it owns nothing */
	uint32_t num_cpus;    /* that Linux runs on, and that enter one after another */
	uint32_t tsc_khz;
	uint32_t apic_khz; /* 0 until the first cell takes a CPU */
	bool root_x2apic;
	bool has_x2apic;
	bool has_huge_pages; /* 1 GiB, in the hypervisor's own tables */
	char version[32];
	uint8_t *root_msr_bitmap;
	uint8_t *cell_msr_bitmap;
	uint8_t *root_port_bitmap;
	uint8_t *cell_port_bitmap; /* of cells without ports of their own */
};

extern struct machine machine;

/* While the first CPU enters, on the module's tables. -EINVAL, -ENOMEM, -ENODEV: see boot->refusal
 */
int machine_init(struct cellhv_boot *boot);

/* Of each CPU, before anything of it is changed: has it what is needed, and can Linux's state be
 * carried? */
int machine_check_cpu(struct cellhv_boot *boot);

/*
 * The root sees memory that is its own as it is, with the memory types the hardware has for it.
 * Returns as paging_map() does.
 */
int machine_map_root(uint64_t base, uint64_t size);

/*
 * What the root does not own it reads as all ones, whatever instruction it reads with: one page of
 * them stands everywhere, and only writes exit. With "strict" reads exit, too. Returns the same.
 */
int machine_hide_from_root(uint64_t base, uint64_t size);

/* Whether the root can reach what is at `phys`, in whatever way. */
bool machine_root_reaches(uint64_t phys);

/* Physical address of something in the hypervisor's block. */
static inline uint64_t machine_phys(const void *address)
{
	return (uint64_t)address - CELLHV_BASE + machine.memory_phys;
}

#endif
