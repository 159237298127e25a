/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page pool: the only dynamic memory there is. One block of 4 KiB pages, two bits for each: whether
 * it is in use, and whether it was and hardware may still know it. Allocations are contiguous.
 * Callers serialise.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ul

struct page_pool {
	uint8_t *base;
	uint64_t *bitmap; /* bit set: page in use; then another: page retired */
	uint32_t pages;
	uint32_t used; /* retired ones too */
	uint32_t retired;
};

/* 64-bit words of bitmaps that a pool of that many pages needs. */
#define POOL_BITMAP_WORDS(pages) (2 * (((pages) + 63u) / 64u))

/* base is page aligned; bitmap has POOL_BITMAP_WORDS(pages) words, of any content. */
void pool_init(struct page_pool *pool, void *base, uint32_t pages, uint64_t *bitmap);

/* count contiguous pages, zeroed; NULL where the pool has no such run, or count is 0. */
void *pool_alloc(struct page_pool *pool, uint32_t count);

/*
 * pages: what pool_alloc() returned, or NULL; count: pages to give back. Their contents stay until
 * they are allocated again. Calls pool_broken() where a page is not the pool's or already free, and
 * then changes nothing.
 */
void pool_free(struct page_pool *pool, void *pages, uint32_t count);

/*
 * Gives back a page that a processor may still use as a page table: it keeps what it holds, and is
 * nobody's before pool_reclaim().
 */
void pool_retire(struct page_pool *pool, void *page);

/* No processor has cached anything of the pages that were retired: they are free. */
void pool_reclaim(struct page_pool *pool);

static inline uint32_t pool_available(const struct page_pool *pool)
{
	return pool->pages - pool->used;
}

/* Supplied by the program: an invariant of the pool does not hold. May return. */
void pool_broken(const struct page_pool *pool, const void *pages);

#endif
