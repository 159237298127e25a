/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/pool.h"

#include <stdbool.h>

#include "core/string.h"

static bool is_used(const struct page_pool *pool, uint32_t page)
{
	return pool->bitmap[page / 64] >> (page % 64) & 1;
}

static uint64_t *retired_map(const struct page_pool *pool)
{
	return pool->bitmap + POOL_BITMAP_WORDS(pool->pages) / 2;
}

static bool is_retired(const struct page_pool *pool, uint32_t page)
{
	return retired_map(pool)[page / 64] >> (page % 64) & 1;
}

static void mark(struct page_pool *pool, uint32_t first, uint32_t count, bool used)
{
	for (uint32_t page = first; page < first + count; page++) {
		uint64_t bit = 1ull << (page % 64);

		if (used)
			pool->bitmap[page / 64] |= bit;
		else
			pool->bitmap[page / 64] &= ~bit;
	}
	pool->used = used ? pool->used + count : pool->used - count;
}

void pool_init(struct page_pool *pool, void *base, uint32_t pages, uint64_t *bitmap)
{
	*pool = (struct page_pool){.base = base, .bitmap = bitmap, .pages = pages};
	memset(bitmap, 0, POOL_BITMAP_WORDS(pages) * sizeof(*bitmap));
}

/* First fit. Returns the first page of the run, or pool->pages. */
static uint32_t find_free(const struct page_pool *pool, uint32_t count)
{
	uint32_t run = 0;

	for (uint32_t page = 0; page < pool->pages; page++) {
		run = is_used(pool, page) ? 0 : run + 1;
		if (run == count)
			return page + 1 - count;
	}
	return pool->pages;
}

void *pool_alloc(struct page_pool *pool, uint32_t count)
{
	uint32_t first;
	void *pages;

	if (count == 0 || count > pool_available(pool))
		return NULL;

	first = find_free(pool, count);
	if (first == pool->pages)
		return NULL;

	mark(pool, first, count, true);
	pages = pool->base + first * PAGE_SIZE;
	return memset(pages, 0, count * PAGE_SIZE);
}

static bool is_allocated(const struct page_pool *pool, uintptr_t offset, uint32_t count)
{
	uintptr_t first = offset / PAGE_SIZE;

	if (offset % PAGE_SIZE || first >= pool->pages || count > pool->pages - first)
		return false;

	for (uint32_t i = 0; i < count; i++)
		if (!is_used(pool, (uint32_t)first + i) || is_retired(pool, (uint32_t)first + i))
			return false;
	return true;
}

void pool_free(struct page_pool *pool, void *pages, uint32_t count)
{
	uintptr_t offset = (uintptr_t)pages - (uintptr_t)pool->base;

	if (!pages)
		return;

	if (!is_allocated(pool, offset, count)) {
		pool_broken(pool, pages);
		return;
	}
	mark(pool, (uint32_t)(offset / PAGE_SIZE), count, false);
}

void pool_retire(struct page_pool *pool, void *page)
{
	uintptr_t offset = (uintptr_t)page - (uintptr_t)pool->base;

	if (!is_allocated(pool, offset, 1)) {
		pool_broken(pool, page);
		return;
	}
	retired_map(pool)[offset / PAGE_SIZE / 64] |= 1ull << (offset / PAGE_SIZE % 64);
	pool->retired++;
}

void pool_reclaim(struct page_pool *pool)
{
	for (uint32_t page = 0; page < pool->pages && pool->retired; page++) {
		if (!is_retired(pool, page))
			continue;
		retired_map(pool)[page / 64] &= ~(1ull << (page % 64));
		mark(pool, page, 1, false);
		pool->retired--;
	}
}
