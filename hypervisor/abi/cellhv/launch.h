/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The hypervisor's image and the memory it gets, the same on all architectures. How a CPU goes into
 * it and back is each one's own: x86/launch.h.
 */
#ifndef CELLHV_LAUNCH_H
#define CELLHV_LAUNCH_H

#include "manage.h"

#define CELLHV_IMAGE_SIGNATURE "CELLHVIM" /* 8 bytes */
#define CELLHV_IMAGE_NAME "cellmgr/cellhv.bin"
#define CELLHV_MEMORY_SIZE (4ul << 20) /* one naturally aligned block: image, CPUs, pool */
#define CELLHV_TABLES_SIZE (4ul << 20) /* another one, where there is an IOMMU: its tables */

struct cellhv_image_header {
	char signature[8];
	uint32_t abi_version;
	uint32_t entry_offset; /* from the start of the image */
	uint32_t file_size;    /* bytes in the file */
	uint32_t memory_size;  /* with .bss; the pool follows */
	uint32_t boot_offset;  /* struct cellhv_boot, from the start of the image */
	uint32_t boot_size;    /* sizeof(struct cellhv_boot) of this image */
	char version[32];
};

/*
 * Pages of the pool: what is set up once, with two small cells; and what each CPU takes. The
 * hypervisor holds itself to it.
 */
#define CELLHV_PAGE_SIZE 4096u
#define CELLHV_SETUP_PAGES 64u
#define CELLHV_CPU_PAGES 10u

/* How many CPUs this image has room for. */
static inline uint32_t cellhv_image_max_cpus(const struct cellhv_image_header *header)
{
	uint64_t pages, max;

	if (header->memory_size > CELLHV_MEMORY_SIZE)
		return 0;

	pages = (CELLHV_MEMORY_SIZE - header->memory_size) / CELLHV_PAGE_SIZE;
	if (pages < CELLHV_SETUP_PAGES)
		return 0;

	max = (pages - CELLHV_SETUP_PAGES) / CELLHV_CPU_PAGES;
	return max < CELLHV_MAX_CPUS ? (uint32_t)max : CELLHV_MAX_CPUS;
}

/* Why a CPU cannot enter. */
struct cellhv_refusal {
	uint32_t check; /* enum cellhv_check, 0: only the error of the entry says */
	uint32_t reserved;
	uint64_t object;
};

CELLHV_ASSERT(sizeof(struct cellhv_image_header) == 64, "image header");

#endif
