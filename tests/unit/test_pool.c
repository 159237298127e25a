/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "core/pool.h"

#define PAGES 130u

static _Alignas(4096) uint8_t memory[PAGES * PAGE_SIZE];
static uint64_t bitmap[POOL_BITMAP_WORDS(PAGES)];
static unsigned broken;

void pool_broken(const struct page_pool *pool, const void *pages)
{
	(void)pool;
	(void)pages;
	broken++;
}

static struct page_pool new_pool(void)
{
	struct page_pool pool;

	memset(bitmap, 0xff, sizeof(bitmap));
	pool_init(&pool, memory, PAGES, bitmap);
	broken = 0;
	return pool;
}

TEST(every_page_can_be_had_once)
{
	struct page_pool pool = new_pool();

	for (unsigned i = 0; i < PAGES; i++) {
		CHECK(pool_alloc(&pool, 1) == memory + i * PAGE_SIZE);
		CHECK_EQ(pool.used, i + 1);
	}
	CHECK(!pool_alloc(&pool, 1));
	CHECK_EQ(pool_available(&pool), 0);
}

TEST(pages_are_zeroed)
{
	struct page_pool pool = new_pool();
	uint8_t *pages;

	memset(memory, 0xaa, sizeof(memory));
	pages = pool_alloc(&pool, 3);
	for (unsigned i = 0; i < 3 * PAGE_SIZE; i++)
		CHECK_EQ(pages[i], 0);
	CHECK_EQ(pages[3 * PAGE_SIZE], 0xaa);
}

TEST(a_run_needs_free_neighbours)
{
	struct page_pool pool = new_pool();
	uint8_t *all = pool_alloc(&pool, PAGES);

	CHECK(all == memory);
	pool_free(&pool, all + 62 * PAGE_SIZE, 2);
	pool_free(&pool, all + 65 * PAGE_SIZE, 2);
	CHECK(!pool_alloc(&pool, 3));
	pool_free(&pool, all + 64 * PAGE_SIZE, 1);
	CHECK(pool_alloc(&pool, 5) == all + 62 * PAGE_SIZE);
	CHECK_EQ(pool.used, PAGES);
	CHECK_EQ(broken, 0);
}

TEST(impossible_counts)
{
	struct page_pool pool = new_pool();

	CHECK(!pool_alloc(&pool, 0));
	CHECK(!pool_alloc(&pool, PAGES + 1));
	CHECK(!pool_alloc(&pool, UINT32_MAX));
	CHECK(pool_alloc(&pool, PAGES));
}

TEST(contents_stay_after_free)
{
	struct page_pool pool = new_pool();
	uint8_t *page = pool_alloc(&pool, 1);

	page[7] = 42;
	pool_free(&pool, page, 1);
	CHECK_EQ(page[7], 42);
	CHECK_EQ(pool.used, 0);
}

TEST(what_is_not_allocated_cannot_be_freed)
{
	struct page_pool pool = new_pool();
	uint8_t *page = pool_alloc(&pool, 2);

	pool_free(&pool, NULL, 1);
	CHECK_EQ(broken, 0);
	pool_free(&pool, page + 8, 1);
	CHECK_EQ(broken, 1);
	pool_free(&pool, page, 3);
	CHECK_EQ(broken, 2);
	pool_free(&pool, memory + sizeof(memory), 1);
	CHECK_EQ(broken, 3);
	pool_free(&pool, (void *)((uintptr_t)memory - PAGE_SIZE), 1);
	CHECK_EQ(broken, 4);
	pool_free(&pool, page, UINT32_MAX);
	CHECK_EQ(broken, 5);
	CHECK_EQ(pool.used, 2);
	pool_free(&pool, page, 2);
	CHECK_EQ(broken, 5);
	pool_free(&pool, page, 2);
	CHECK_EQ(broken, 6);
	CHECK_EQ(pool.used, 0);
}

TEST(a_retired_page_is_nobodys_until_it_is_reclaimed)
{
	struct page_pool pool = new_pool();
	uint8_t *all = pool_alloc(&pool, PAGES);

	memset(all, 0xaa, PAGES * PAGE_SIZE);
	pool_retire(&pool, all + 64 * PAGE_SIZE);
	pool_retire(&pool, all + (PAGES - 1) * PAGE_SIZE);
	CHECK_EQ(pool.used, PAGES);
	CHECK(!pool_alloc(&pool, 1));
	CHECK_EQ(all[64 * PAGE_SIZE], 0xaa);
	CHECK_EQ(broken, 0);

	pool_reclaim(&pool);
	CHECK_EQ(pool.used, PAGES - 2);
	CHECK(pool_alloc(&pool, 1) == all + 64 * PAGE_SIZE);
	CHECK(pool_alloc(&pool, 1) == all + (PAGES - 1) * PAGE_SIZE);
	CHECK(!pool_alloc(&pool, 1));
	pool_reclaim(&pool);
	CHECK_EQ(pool.used, PAGES);
}

TEST(a_page_is_given_back_once)
{
	struct page_pool pool = new_pool();
	uint8_t *page = pool_alloc(&pool, 2);

	pool_retire(&pool, page);
	pool_retire(&pool, page);
	CHECK_EQ(broken, 1);
	pool_free(&pool, page, 2);
	CHECK_EQ(broken, 2);
	pool_reclaim(&pool);
	pool_retire(&pool, page);
	CHECK_EQ(broken, 3);
	CHECK_EQ(pool.used, 1);
}
