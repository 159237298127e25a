/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random changes to a window of the address space, against a model that is one array: the
 * translation of each page, and from it the number of tables that a minimal tree has.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "arch/x86/paging_formats.h"

#define POOL_PAGES 40u
#define WINDOW 0x7fe0000000ull	/* 512 MiB below 512 GiB: both sides of a level 4 entry */
#define WINDOW_PAGES (5u << 17) /* 2.5 GiB */
#define UNMAPPED 0u
#define FILL_PHYS 0x5000u
#define FILLED (FILL_PHYS | PAGING_READ)
#define FILL_TABLES 2u /* that all filled ranges share */

static _Alignas(4096) uint8_t memory[POOL_PAGES * PAGE_SIZE];
static uint64_t bitmap[POOL_BITMAP_WORDS(POOL_PAGES)];
static struct page_pool pool;
static uint64_t model[WINDOW_PAGES]; /* physical address | access, or UNMAPPED */
static uint64_t random_state;

void pool_broken(const struct page_pool *broken, const void *pages)
{
	(void)broken;
	fprintf(stderr, "pool broken at %p\n", pages);
	abort();
}

/* xorshift64*: the same sequence on every machine. */
static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dull >> 16) % limit;
}

static struct paging new_paging(bool huge_1g, uint32_t pages)
{
	struct paging paging = {
		.format = &paging_x86_nested,
		.pool = &pool,
		.virt_offset = (uint64_t)memory - 0x1000000,
		.levels = 4,
		.huge_1g = huge_1g,
	};

	memset(model, 0, sizeof(model));
	pool_init(&pool, memory, pages, bitmap);
	CHECK_EQ(paging_init(&paging), 0);
	CHECK_EQ(paging_init_fill(&paging, FILL_PHYS), 0);
	return paging;
}

/* One large page could map these, which are aligned in the address space. */
static bool is_one_page(uint32_t first, uint32_t count)
{
	if (model[first] == UNMAPPED || model[first] >> PAGE_SHIFT & (count - 1))
		return false;

	for (uint32_t i = 1; i < count; i++)
		if (model[first + i] != model[first] + i * PAGE_SIZE)
			return false;
	return true;
}

static bool is_all(uint32_t first, uint32_t count, uint64_t value)
{
	for (uint32_t i = 0; i < count; i++)
		if (model[first + i] != value)
			return false;
	return true;
}

static bool is_empty(uint32_t first, uint32_t count)
{
	return is_all(first, count, UNMAPPED);
}

/* Tables of the level whose entries map 2 MiB (512 pages) or 4 KiB (1 page) in that 1 GiB or 2 MiB.
 */
static uint32_t tables_for(uint32_t first, uint32_t count, bool huge_1g)
{
	uint32_t tables = 1;

	if (is_empty(first, count) || is_all(first, count, FILLED) ||
	    ((count == 512 || huge_1g) && is_one_page(first, count)))
		return 0;

	for (uint32_t i = 0; count > 512 && i < count; i += 512)
		tables += tables_for(first + i, 512, huge_1g);
	return tables;
}

/* The window begins in the middle of a 1 GiB page, which can then not be one. */
static uint32_t minimal_tables(bool huge_1g)
{
	uint32_t half = 1 << 17, gib = 1 << 18, tables = 1, low = 0, high = 0;

	if (!is_empty(0, half)) {
		low++;
		for (uint32_t i = 0; i < half; i += 512)
			low += tables_for(i, 512, huge_1g);
	}
	for (uint32_t i = half; i < WINDOW_PAGES; i += gib)
		high += tables_for(i, gib, huge_1g);
	tables += !is_empty(0, half) + !is_empty(half, WINDOW_PAGES - half);
	return tables + low + high;
}

static void check_all(const struct paging *paging)
{
	for (uint32_t page = 0; page < WINDOW_PAGES;) {
		struct paging_translation to = {0};
		uint64_t virt = WINDOW + page * PAGE_SIZE;
		uint32_t pages = 1;

		if (paging_lookup(paging, virt, &to)) {
			CHECK_EQ(virt & (to.page_size - 1), 0);
			CHECK_EQ(to.phys & (to.page_size - 1), 0);
			pages = (uint32_t)(to.page_size / PAGE_SIZE);
			for (uint32_t i = 0; i < pages; i++)
				CHECK_EQ(model[page + i], (to.phys + i * PAGE_SIZE) | to.access);
		} else {
			CHECK_EQ(model[page], UNMAPPED);
		}
		page += pages;
	}
	CHECK_EQ(pool.used, minimal_tables(paging->huge_1g) + FILL_TABLES);
}

/* A random range, aligned and sized in 4 KiB, 2 MiB, 512 MiB or 1 GiB, often at an edge of these.
 */
static void random_range(uint32_t *first, uint32_t *count)
{
	static const uint32_t units[] = {1, 1, 512, 512, 1 << 17, 1 << 18};
	uint32_t unit = units[random_below(6)], units_in_window = WINDOW_PAGES / unit;
	uint32_t from = (uint32_t)random_below(units_in_window);

	if (unit < 512 && random_below(2))
		from = from / 512 * 512 + (uint32_t)random_below(3);
	*first = from * unit + (unit == 1 << 18 ? 1 << 17 : 0);
	*count = unit * (1 + (uint32_t)random_below(random_below(2) ? 3 : 513));
	if (*first >= WINDOW_PAGES)
		*first = WINDOW_PAGES - 1;
	if (*count > WINDOW_PAGES - *first)
		*count = WINDOW_PAGES - *first;
}

/* Mostly one linear mapping, so that pieces fit together again, at times another. */
static uint64_t random_phys(uint32_t first)
{
	static const uint64_t offsets[] = {0, 0, 0, 0, 0x40000000, 0x200000, 0x1000};

	return WINDOW - 0x7fc0000000ull + first * PAGE_SIZE + offsets[random_below(7)];
}

/* Does it, and returns whether something that was mapped is not mapped so any more. */
static bool change_model(uint32_t first, uint32_t count, uint64_t value)
{
	bool lost = false;

	for (uint32_t i = 0; i < count; i++) {
		bool same = value == UNMAPPED || value == FILLED;
		uint64_t new = same ? value : value + i *PAGE_SIZE;

		lost |= model[first + i] != UNMAPPED && model[first + i] != new;
		model[first + i] = new;
	}
	return lost;
}

/* Returns whether the pool was too small. */
static bool random_change(struct paging *paging)
{
	uint32_t first, count, access = random_below(4) ? 7 : 1, used = pool.used;
	uint64_t phys, virt, value;
	uint64_t kind = random_below(6);
	int result;

	random_range(&first, &count);
	phys = random_phys(first);
	virt = WINDOW + first * PAGE_SIZE;
	value = kind < 3 ? phys | access : kind < 5 ? FILLED : UNMAPPED;
	if (kind < 3)
		result = paging_map(paging, virt, phys, count * PAGE_SIZE, access);
	else if (kind < 5)
		result = paging_fill(paging, virt, count * PAGE_SIZE);
	else
		result = paging_unmap(paging, virt, count * PAGE_SIZE);

	if (result == -ENOMEM) {
		CHECK_EQ(pool.used, used);
		return true;
	}
	CHECK(result == 0 || result == 1);
	if (change_model(first, count, value) || pool.retired)
		CHECK_EQ(result, 1);
	pool_reclaim(&pool); /* the caller has flushed */
	return false;
}

static void run(bool huge_1g, uint32_t pages, uint64_t seed, unsigned changes)
{
	struct paging paging = new_paging(huge_1g, pages);
	unsigned failed = 0;

	random_state = seed;
	for (unsigned i = 0; i < changes; i++) {
		failed += random_change(&paging);
		if (i % 8 == 0)
			check_all(&paging);
	}
	check_all(&paging);
	/* Both outcomes have to be there, or this tests less than it says. */
	CHECK(failed > changes / 100);
	CHECK(failed < changes * 9 / 10);

	CHECK(paging_unmap(&paging, WINDOW, WINDOW_PAGES * PAGE_SIZE) >= 0);
	pool_reclaim(&pool);
	CHECK_EQ(pool.used, 1 + FILL_TABLES);
	paging_destroy(&paging);
	CHECK_EQ(pool.used, FILL_TABLES);
}

TEST(random_changes_with_1g_pages)
{
	for (uint64_t seed = 1; seed <= 3; seed++)
		run(true, POOL_PAGES, seed, 400);
}

TEST(random_changes_without_1g_pages)
{
	for (uint64_t seed = 11; seed <= 13; seed++)
		run(false, POOL_PAGES, seed, 400);
}

TEST(random_changes_with_few_pages)
{
	for (uint64_t seed = 21; seed <= 24; seed++)
		run(true, 12, seed, 400);
}
