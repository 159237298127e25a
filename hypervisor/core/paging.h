/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables: 512 entries of 64 bits, 3 to 5 levels, in the format that an architecture says.
 * Tables come from one pool, and hardware may walk them at any time: entries change by single
 * 64-bit stores, and a table is complete before it is linked. Callers serialise.
 *
 * Tables are minimal: a table without entries goes, and one whose entries a large page can stand
 * for becomes that large page. So the same mappings always take the same number of pages. A table
 * that went is retired (core/pool.h): processors cache what led to it.
 */
#ifndef CORE_PAGING_H
#define CORE_PAGING_H

#include <stdbool.h>
#include <stdint.h>

#include <cellhv/config.h>

#include "core/pool.h"

/* Access of a mapping; READ is always there. The same bits as in a memory region. */
#define PAGING_READ CELLHV_MEMORY_READ
#define PAGING_WRITE CELLHV_MEMORY_WRITE
#define PAGING_EXECUTE CELLHV_MEMORY_EXECUTE
#define PAGING_DEVICE CELLHV_MEMORY_DEVICE /* uncached */
#define PAGING_ACCESS_MAX 16

#define PAGING_MAX_LEVELS 5
#define PAGING_PHYS_MASK 0x000ffffffffff000ull

struct paging_format {
	uint64_t access[PAGING_ACCESS_MAX]; /* bits of a leaf, by access; 0: impossible */
	uint64_t table;			    /* bits of an entry that points at a table */
	uint64_t large;	      /* bit that makes an entry above level 1 a leaf; or 0: */
	uint64_t table_level; /* such a one has the level of its table here, a leaf 0 */
	bool sign_extended;   /* addresses are canonical, else just below the highest */
	uint64_t present;     /* an entry of somebody else's counts if it has one of these */
	bool any_size;	      /* a level of 7 there: a leaf whose size its address says */
};

struct paging {
	const struct paging_format *format;
	struct page_pool *pool;
	uint64_t *root;
	uint64_t virt_offset; /* pointer minus physical address, for all pages of the pool */
	unsigned levels;
	bool huge_1g;			      /* the hardware has 1 GiB pages */
	bool past_caches;		      /* it reads memory, whatever caches hold */
	uint64_t fill[PAGING_MAX_LEVELS + 1]; /* entries that paging_fill() writes, by level */
};

/*
 * Fill in format, pool, virt_offset, levels (3 to 5), huge_1g and past_caches, then call this; it
 * allocates the root. -ENOMEM
 */
int paging_init(struct paging *paging);

/* Before paging_fill(): the page that it maps, and tables that lead to it alone. -ENOMEM */
int paging_init_fill(struct paging *paging, uint64_t phys);

/*
 * Frees all tables but those of paging_init_fill(), which no processor uses any more; paging may
 * have no root.
 */
void paging_destroy(struct paging *paging);

/* The same where hardware may use them still: they keep what they hold until pool_reclaim(). */
void paging_retire(struct paging *paging);

/* What goes into CR3, nCR3 or the EPT pointer (without its low bits). */
uint64_t paging_root_phys(const struct paging *paging);

/* Whether the tables can translate these addresses: multiples of 4096, size not 0. */
bool paging_can_map(const struct paging *paging, uint64_t virt, uint64_t size);

/*
 * Maps size bytes at virt to phys, all multiples of 4096, with the largest pages that fit, in place
 * of whatever was mapped. Returns 0, or 1 where an entry that was present has changed or gone: then
 * all TLBs have to be flushed, and after that the pool has its pages back by pool_reclaim().
 * -EINVAL: alignment, range or access; -ENOMEM; both with nothing changed.
 */
int paging_map(struct paging *paging, uint64_t virt, uint64_t phys, uint64_t size, uint32_t access);

/* The same for removing mappings; what is not mapped is no error. */
int paging_unmap(struct paging *paging, uint64_t virt, uint64_t size);

/*
 * The same, where each page becomes that of paging_init_fill(), to be read only. It takes as many
 * tables as an empty range: whole tables are shared.
 */
int paging_fill(struct paging *paging, uint64_t virt, uint64_t size);

struct paging_translation {
	uint64_t phys; /* of the byte asked for */
	uint64_t page_size;
	uint32_t access;
};

/* Where virt leads; false and *translation untouched where nothing is mapped. */
bool paging_lookup(const struct paging *paging, uint64_t virt,
		   struct paging_translation *translation);

/* The 4 KiB entry of a page that is mapped, for a caller that changes it by itself; else NULL. */
uint64_t *paging_entry(struct paging *paging, uint64_t virt);

#endif
