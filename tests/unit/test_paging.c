/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "arch/x86/paging_formats.h"
#include "core/arch.h"

#define MIB 0x100000ull
#define GIB 0x40000000ull
#define POOL_PAGES 64u
#define POOL_PHYS 0x1000000ull
#define HALF 0xffff800000000000ull

static _Alignas(4096) uint8_t memory[POOL_PAGES * PAGE_SIZE];
static uint64_t bitmap[POOL_BITMAP_WORDS(POOL_PAGES)];
static struct page_pool pool;

void pool_broken(const struct page_pool *broken, const void *pages)
{
	(void)broken;
	fprintf(stderr, "pool broken at %p\n", pages);
	abort();
}

/* What is in memory of what was written into a cache: all that a unit without snooping sees. */
static _Alignas(4096) uint8_t behind_caches[POOL_PAGES * PAGE_SIZE];

void arch_write_back(const void *address, uint64_t size)
{
	uint64_t offset = (uint64_t)address - (uint64_t)memory;

	CHECK(offset + size <= sizeof(memory));
	memcpy(behind_caches + offset, address, size);
}

static struct paging new_paging(const struct paging_format *format, unsigned levels, bool huge_1g,
				uint32_t pages)
{
	struct paging paging = {
		.format = format,
		.pool = &pool,
		.virt_offset = (uint64_t)memory - POOL_PHYS,
		.levels = levels,
		.huge_1g = huge_1g,
	};

	pool_init(&pool, memory, pages, bitmap);
	CHECK_EQ(paging_init(&paging), 0);
	return paging;
}

/* What hardware would read: the entry at that level on the way to virt. */
static uint64_t raw_entry(const struct paging *paging, uint64_t virt, unsigned level)
{
	uint64_t phys = paging_root_phys(paging), entry = 0;

	for (unsigned i = paging->levels; i >= level; i--) {
		uint64_t *table = (uint64_t *)(memory + (phys - POOL_PHYS));

		entry = table[virt >> (12 + 9 * (i - 1)) & 511];
		phys = entry & 0x000ffffffffff000ull;
	}
	return entry;
}

static uint64_t mapped_to(const struct paging *paging, uint64_t virt)
{
	struct paging_translation translation;

	return paging_lookup(paging, virt, &translation) ? translation.phys : UINT64_MAX;
}

static uint64_t page_size(const struct paging *paging, uint64_t virt)
{
	struct paging_translation translation;

	return paging_lookup(paging, virt, &translation) ? translation.page_size : 0;
}

TEST(host_entries_have_the_bits_of_the_manual)
{
	struct paging paging = new_paging(&paging_x86_host, 4, true, POOL_PAGES);
	uint64_t virt = HALF + 5 * GIB;

	CHECK_EQ(paging_map(&paging, virt, 0x7000, 0x1000, PAGING_READ), 0);
	CHECK_EQ(raw_entry(&paging, virt, 1), 0x8000000000007061ull);
	CHECK_EQ(raw_entry(&paging, virt, 2) & 0xfff0000000000fffull, 0x23);
	CHECK_EQ(paging_map(&paging, virt, 0x7000, 0x1000, PAGING_READ | PAGING_WRITE), 1);
	CHECK_EQ(raw_entry(&paging, virt, 1), 0x8000000000007063ull);
	CHECK_EQ(paging_map(&paging, virt, 0x7000, 0x1000, PAGING_READ | PAGING_EXECUTE), 1);
	CHECK_EQ(raw_entry(&paging, virt, 1), 0x7061);
	CHECK_EQ(paging_map(&paging, virt, 0x7000, 0x1000,
			    PAGING_READ | PAGING_WRITE | PAGING_DEVICE),
		 1);
	CHECK_EQ(raw_entry(&paging, virt, 1), 0x800000000000707bull);
	CHECK_EQ(paging_map(&paging, HALF, 2 * MIB, 2 * MIB, PAGING_READ), 0);
	CHECK_EQ(raw_entry(&paging, HALF, 2), 0x80000000002000e1ull);
	CHECK_EQ(paging_map(&paging, HALF, GIB, GIB, PAGING_READ), 1);
	CHECK_EQ(raw_entry(&paging, HALF, 3), 0x80000000400000e1ull);
}

TEST(nested_entries_are_user)
{
	struct paging paging = new_paging(&paging_x86_nested, 4, true, POOL_PAGES);

	CHECK_EQ(paging_map(&paging, 0, 0x7000, 0x1000, PAGING_READ | PAGING_EXECUTE), 0);
	CHECK_EQ(raw_entry(&paging, 0, 1), 0x7065);
	for (unsigned level = 2; level <= 4; level++)
		CHECK_EQ(raw_entry(&paging, 0, level) & 0xfff0000000000fffull, 0x27);
}

TEST(ept_entries_have_the_bits_of_the_manual)
{
	struct paging paging = new_paging(&paging_ept, 4, true, POOL_PAGES);

	CHECK_EQ(paging_map(&paging, 0, 0x7000, 0x1000, 7), 0);
	CHECK_EQ(raw_entry(&paging, 0, 1), 0x7037);
	CHECK_EQ(raw_entry(&paging, 0, 2) & 0xfff0000000000fffull, 7);
	CHECK_EQ(paging_map(&paging, 0, 0xfee00000, 0x1000, PAGING_READ | PAGING_DEVICE), 1);
	CHECK_EQ(raw_entry(&paging, 0, 1), 0xfee00001);
	CHECK_EQ(paging_map(&paging, 0, 2 * MIB, 2 * MIB, PAGING_READ | PAGING_WRITE), 1);
	CHECK_EQ(raw_entry(&paging, 0, 2), 0x2000b3);
}

TEST(amdvi_entries_have_the_bits_of_the_manual)
{
	struct paging paging = new_paging(&paging_amdvi, 4, true, POOL_PAGES);

	CHECK_EQ(paging_map(&paging, 0, 0x7000, 0x1000, PAGING_READ), 0);
	CHECK_EQ(raw_entry(&paging, 0, 1), 0x2000000000007001ull);
	CHECK_EQ(raw_entry(&paging, 0, 2) & 0xfff0000000000fffull, 0x6000000000000201ull);
	CHECK_EQ(raw_entry(&paging, 0, 3) & 0xfff0000000000fffull, 0x6000000000000401ull);
	CHECK_EQ(raw_entry(&paging, 0, 4) & 0xfff0000000000fffull, 0x6000000000000601ull);
	CHECK_EQ(paging_map(&paging, 0, 2 * MIB, 2 * MIB, PAGING_READ | PAGING_WRITE), 1);
	CHECK_EQ(raw_entry(&paging, 0, 2), 0x6000000000200001ull);
	CHECK_EQ(paging_map(&paging, 0, GIB, GIB, PAGING_READ | PAGING_WRITE), 1);
	CHECK_EQ(raw_entry(&paging, 0, 3), 0x6000000040000001ull);
	CHECK_EQ(paging_map(&paging, 0, 0, 0x1000, 7), -EINVAL);
	CHECK_EQ(paging_map(&paging, 0, 0, 0x1000, PAGING_READ | PAGING_DEVICE), -EINVAL);
}

/* Where a table is known by its level, too, large pages are split and found again. */
TEST(amdvi_tables_split_and_merge)
{
	struct paging paging = new_paging(&paging_amdvi, 4, true, POOL_PAGES);
	uint32_t used;

	CHECK_EQ(paging_map(&paging, 0, 0, 4 * GIB, PAGING_READ | PAGING_WRITE), 0);
	used = pool.used;
	CHECK_EQ(paging_unmap(&paging, 0xfee00000, MIB), 1);
	CHECK_EQ(pool.used, used + 2);
	CHECK_EQ(mapped_to(&paging, 0xfee00000), UINT64_MAX);
	CHECK_EQ(mapped_to(&paging, 0xfeeff000), UINT64_MAX);
	CHECK_EQ(mapped_to(&paging, 0xfedff000), 0xfedff000);
	CHECK_EQ(page_size(&paging, 0xfef00000), 0x1000);
	CHECK_EQ(page_size(&paging, 0xff000000), 2 * MIB);
	CHECK_EQ(page_size(&paging, 2 * GIB), GIB);
	CHECK_EQ(paging_map(&paging, 0xfee00000, 0xfee00000, MIB, PAGING_READ | PAGING_WRITE), 1);
	CHECK_EQ(page_size(&paging, 0xfee00000), GIB);
	pool_reclaim(&pool);
	CHECK_EQ(pool.used, used);
	paging_destroy(&paging);
	CHECK_EQ(pool.used, 0);
}

TEST(every_access_comes_back)
{
	static const struct paging_format *const formats[] = {&paging_x86_host, &paging_x86_nested,
							      &paging_ept};

	for (unsigned i = 0; i < 3; i++) {
		struct paging paging = new_paging(formats[i], 4, true, POOL_PAGES);

		for (uint32_t access = 0; access < 20; access++) {
			struct paging_translation to = {0};
			int error = paging_map(&paging, 0x1000, 0x2000, 0x1000, access);

			if (access > 15 || !(access & PAGING_READ)) {
				CHECK_EQ(error, -EINVAL);
				continue;
			}
			CHECK(error >= 0);
			CHECK(paging_lookup(&paging, 0x1234, &to));
			CHECK_EQ(to.access, access);
			CHECK_EQ(to.phys, 0x2234);
			CHECK_EQ(to.page_size, 0x1000);
		}
	}
}

TEST(largest_pages_are_used)
{
	struct paging paging = new_paging(&paging_x86_nested, 4, true, POOL_PAGES);

	CHECK_EQ(paging_map(&paging, GIB - 2 * MIB - 0x1000, 3 * GIB - 2 * MIB - 0x1000,
			    GIB + 4 * MIB + 0x2000, 3),
		 0);
	CHECK_EQ(page_size(&paging, GIB - 2 * MIB - 0x1000), 0x1000);
	CHECK_EQ(page_size(&paging, GIB - 2 * MIB), 2 * MIB);
	CHECK_EQ(page_size(&paging, GIB), GIB);
	CHECK_EQ(page_size(&paging, 2 * GIB), 2 * MIB);
	CHECK_EQ(page_size(&paging, 2 * GIB + 2 * MIB), 0x1000);
	CHECK_EQ(mapped_to(&paging, 2 * GIB + 2 * MIB + 0xfff), 4 * GIB + 2 * MIB + 0xfff);
	CHECK_EQ(mapped_to(&paging, 2 * GIB + 2 * MIB + 0x1000), UINT64_MAX);
	CHECK_EQ(mapped_to(&paging, GIB - 2 * MIB - 0x1001), UINT64_MAX);
	CHECK_EQ(pool.used, 2 + 2 + 2);
}

TEST(without_1g_pages_2m_pages_do)
{
	struct paging paging = new_paging(&paging_x86_nested, 4, false, POOL_PAGES);

	CHECK_EQ(paging_map(&paging, 0, 0, 2 * GIB, 7), 0);
	CHECK_EQ(page_size(&paging, GIB), 2 * MIB);
	CHECK_EQ(pool.used, 4);
}

TEST(five_levels)
{
	struct paging paging = new_paging(&paging_x86_nested, 5, true, POOL_PAGES);
	uint64_t top = (1ull << 57) - 0x1000;

	CHECK_EQ(paging_map(&paging, top, 0x5000, 0x1000, 1), 0);
	CHECK_EQ(pool.used, 5);
	CHECK_EQ(mapped_to(&paging, top + 1), 0x5001);
	CHECK_EQ(paging_map(&paging, 0, 0, GIB, 1), 0);
	CHECK_EQ(pool.used, 7);
	CHECK_EQ(paging_unmap(&paging, 0, 1ull << 57), 1);
	pool_reclaim(&pool);
	CHECK_EQ(pool.used, 1);
}

/* The processor may still walk it, from what it has cached of the levels above. */
TEST(a_table_that_went_is_used_for_nothing_before_the_flush)
{
	static uint8_t before[PAGE_SIZE];
	struct paging paging = new_paging(&paging_x86_nested, 4, true, POOL_PAGES);
	const uint8_t *table;

	CHECK_EQ(paging_map(&paging, 0x1000, 0x1000, 0x5000, 7), 0);
	table = memory + ((raw_entry(&paging, 0x1000, 2) & 0x000ffffffffff000ull) - POOL_PHYS);
	CHECK_EQ(paging_unmap(&paging, 0x2000, 0x4000), 1);
	memcpy(before, table, PAGE_SIZE);
	CHECK_EQ(paging_unmap(&paging, 0, GIB), 1);
	CHECK_EQ(pool.retired, 3);
	CHECK_EQ(paging_map(&paging, 5 * GIB, 0x7000, 0x1000, 7), 0);
	CHECK_EQ(((const uint64_t *)table)[7], 0);
	CHECK(memcmp(before, table, PAGE_SIZE) == 0);
	CHECK_EQ(pool.used, 4 + 3);
	pool_reclaim(&pool);
	CHECK_EQ(pool.used, 4);
}

/* VT-d, 9.8: R, W, large page. Three levels begin at the third. */
TEST(vtd_entries_have_the_bits_of_the_manual)
{
	struct paging paging = new_paging(&paging_vtd, 3, true, POOL_PAGES);

	CHECK_EQ(paging_map(&paging, 0x1000, 0x5000, 0x1000, PAGING_READ | PAGING_WRITE), 0);
	CHECK_EQ(paging_map(&paging, 2 * MIB, 4 * MIB, 2 * MIB, PAGING_READ), 0);
	CHECK_EQ(paging_map(&paging, GIB, GIB, GIB, PAGING_READ | PAGING_WRITE), 0);
	CHECK_EQ(raw_entry(&paging, 0x1000, 1), 0x5003);
	CHECK_EQ(raw_entry(&paging, 2 * MIB, 2), 4 * MIB | 0x81);
	CHECK_EQ(raw_entry(&paging, GIB, 3), GIB | 0x83);
	CHECK_EQ(raw_entry(&paging, 0, 3) & 0xfff, 3);
	CHECK_EQ(paging_map(&paging, 0, 0, 0x1000, PAGING_READ | PAGING_EXECUTE), -EINVAL);
	CHECK(paging_can_map(&paging, (1ull << 39) - PAGE_SIZE, PAGE_SIZE));
	CHECK(!paging_can_map(&paging, 1ull << 39, PAGE_SIZE));
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

/* Of every table that can be reached, memory has what caches have, whatever is done. */
TEST(hardware_that_does_not_snoop_sees_every_change)
{
	struct paging paging = {.format = &paging_vtd,
				.pool = &pool,
				.virt_offset = (uint64_t)memory - POOL_PHYS,
				.levels = 3,
				.huge_1g = true,
				.past_caches = true};
	uint64_t random = 1;

	memset(behind_caches, 0xaa, sizeof(behind_caches));
	pool_init(&pool, memory, POOL_PAGES, bitmap);
	CHECK_EQ(paging_init(&paging), 0);
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t at = next_random(&random) % 2048 * PAGE_SIZE * (i & 1 ? 1 : 512);
		uint64_t size = (1 + next_random(&random) % 1024) * PAGE_SIZE;

		if (i % 3)
			paging_map(&paging, at, at, size, PAGING_READ | PAGING_WRITE);
		else
			paging_unmap(&paging, at, size);
		pool_reclaim(&pool);
		for (unsigned page = 0; page < POOL_PAGES; page++)
			if (bitmap[0] >> page & 1)
				CHECK(memcmp(memory + page * PAGE_SIZE,
					     behind_caches + page * PAGE_SIZE, PAGE_SIZE) == 0);
	}
}

TEST(a_hole_splits_and_filling_it_merges)
{
	struct paging paging = new_paging(&paging_x86_nested, 4, true, POOL_PAGES);
	uint64_t hole = 0x12345000;
	uint32_t before;

	CHECK_EQ(paging_map(&paging, 0, 0, 512 * GIB, 7), 0);
	before = pool.used;
	CHECK_EQ(before, 2);
	CHECK_EQ(paging_unmap(&paging, hole, 0x1000), 1);
	CHECK_EQ(pool.used, before + 2);
	CHECK_EQ(mapped_to(&paging, hole), UINT64_MAX);
	CHECK_EQ(mapped_to(&paging, hole - 1), hole - 1);
	CHECK_EQ(mapped_to(&paging, hole + 0x1000), hole + 0x1000);
	CHECK_EQ(paging_map(&paging, hole, hole, 0x1000, 7), 1);
	CHECK_EQ(pool.used, before + 2);
	pool_reclaim(&pool);
	CHECK_EQ(pool.used, before);
	CHECK_EQ(page_size(&paging, hole), GIB);
}

TEST(only_what_was_present_needs_a_flush)
{
	struct paging paging = new_paging(&paging_x86_nested, 4, true, POOL_PAGES);

	CHECK_EQ(paging_map(&paging, 0x1000, 0x1000, 0x4000, 7), 0);
	CHECK_EQ(paging_map(&paging, 0x1000, 0x1000, 0x4000, 7), 0);
	CHECK_EQ(paging_map(&paging, 0x5000, 0x5000, 0x1000, 7), 0);
	CHECK_EQ(paging_map(&paging, 0x2000, 0x2000, 0x1000, 1), 1);
	CHECK_EQ(paging_unmap(&paging, 0x8000, 0x1000), 0);
	CHECK_EQ(paging_unmap(&paging, GIB, GIB), 0);
	CHECK_EQ(paging_unmap(&paging, 0x4000, 0x8000), 1);
	CHECK_EQ(paging_unmap(&paging, 0x4000, 0x8000), 0);
}

/* Hardware finds the page whatever the level at which it begins to read what is shared. */
TEST(filled_ranges_lead_to_one_page_by_shared_tables)
{
	static const struct paging_format *const formats[] = {&paging_x86_nested, &paging_ept};
	static const uint64_t leaf[] = {0x8000000000009065ull, 0x9031};

	for (unsigned i = 0; i < 2; i++) {
		struct paging paging = new_paging(formats[i], 4, false, POOL_PAGES);
		struct paging_translation to = {0};
		uint32_t used;

		CHECK_EQ(paging_fill(&paging, 0, GIB), -EINVAL);
		CHECK_EQ(paging_init_fill(&paging, 0x9000), 0);
		CHECK_EQ(paging_map(&paging, 0, 0, 4 * GIB, 7), 0);
		used = pool.used;
		CHECK_EQ(paging_fill(&paging, GIB, GIB + 2 * MIB), 1);
		pool_reclaim(&pool);
		CHECK_EQ(pool.used, used - 1);
		CHECK(paging_fill(&paging, GIB + 2 * MIB, 0x1000) >= 0);
		pool_reclaim(&pool);
		CHECK_EQ(pool.used, used - 1);
		CHECK_EQ(raw_entry(&paging, GIB, 1), leaf[i]);
		CHECK_EQ(raw_entry(&paging, 2 * GIB - 0x1000, 1), leaf[i]);
		CHECK_EQ(raw_entry(&paging, 2 * GIB + 2 * MIB - 0x1000, 1), leaf[i]);
		CHECK(paging_lookup(&paging, GIB + 0x12345, &to));
		CHECK_EQ(to.phys, 0x9345);
		CHECK_EQ(to.access, PAGING_READ);
		CHECK_EQ(to.page_size, 0x1000);
		CHECK_EQ(mapped_to(&paging, 2 * GIB + 2 * MIB), 2 * GIB + 2 * MIB);
		CHECK_EQ(paging_map(&paging, GIB, GIB, GIB + 2 * MIB, 7), 1);
		pool_reclaim(&pool);
		CHECK_EQ(pool.used, used);
	}
}

TEST(impossible_ranges)
{
	struct paging nested = new_paging(&paging_x86_nested, 4, true, POOL_PAGES);
	struct paging host;

	CHECK_EQ(paging_map(&nested, 1ull << 48, 0, 0x1000, 1), -EINVAL);
	CHECK_EQ(paging_map(&nested, (1ull << 48) - 0x1000, 0, 0x2000, 1), -EINVAL);
	CHECK_EQ(paging_map(&nested, HALF, 0, 0x1000, 1), -EINVAL);
	CHECK_EQ(paging_map(&nested, 0x800, 0, 0x1000, 1), -EINVAL);
	CHECK_EQ(paging_map(&nested, 0, 0x800, 0x1000, 1), -EINVAL);
	CHECK_EQ(paging_map(&nested, 0, 0, 0x800, 1), -EINVAL);
	CHECK_EQ(paging_map(&nested, 0, 0, 0, 1), -EINVAL);
	CHECK_EQ(paging_map(&nested, 0, 1ull << 52, 0x1000, 1), -EINVAL);
	CHECK_EQ(paging_map(&nested, 0, (1ull << 52) - 0x1000, 0x2000, 1), -EINVAL);
	CHECK_EQ(paging_map(&nested, 0x1000, 0, UINT64_MAX - 0xfff, 1), -EINVAL);
	CHECK_EQ(paging_unmap(&nested, 0x1000, UINT64_MAX - 0xfff), -EINVAL);
	CHECK_EQ(paging_unmap(&nested, 0, 0), -EINVAL);
	CHECK_EQ(mapped_to(&nested, 1ull << 48), UINT64_MAX);
	CHECK_EQ(pool.used, 1);
	CHECK_EQ(paging_map(&nested, (1ull << 48) - 0x1000, (1ull << 52) - 0x1000, 0x1000, 1), 0);
	CHECK_EQ(mapped_to(&nested, (1ull << 48) - 1), (1ull << 52) - 1);

	host = new_paging(&paging_x86_host, 4, true, POOL_PAGES);
	CHECK_EQ(paging_map(&host, 1ull << 47, 0, 0x1000, 1), -EINVAL);
	CHECK_EQ(paging_map(&host, HALF - 0x1000, 0, 0x2000, 1), -EINVAL);
	CHECK_EQ(paging_map(&host, (1ull << 47) - 0x1000, 0, HALF - (1ull << 47) + 0x2000, 1),
		 -EINVAL);
	CHECK_EQ(paging_map(&host, UINT64_MAX - 0xfff, 0, 0x2000, 1), -EINVAL);
	CHECK_EQ(paging_map(&host, UINT64_MAX - 0xfff, 0x3000, 0x1000, 1), 0);
	CHECK_EQ(mapped_to(&host, UINT64_MAX), 0x3fff);
	CHECK_EQ(mapped_to(&host, (1ull << 48) - 1), UINT64_MAX);
}

TEST(an_empty_pool_changes_nothing)
{
	static uint8_t before[sizeof(memory)];

	for (uint32_t pages = 1; pages < 9; pages++) {
		struct paging paging = new_paging(&paging_x86_nested, 4, true, pages);
		uint64_t from = GIB - 0x1000, size = GIB + 0x2000;
		int error;

		memcpy(before, memory, sizeof(memory));
		error = paging_map(&paging, from, 4 * GIB - 0x1000, size, 7);
		CHECK_EQ(error, pages < 6 ? -ENOMEM : 0);
		if (error) {
			CHECK_EQ(pool.used, 1);
			CHECK(memcmp(before, memory, sizeof(memory)) == 0);
			continue;
		}
		memcpy(before, memory, sizeof(memory));
		error = paging_unmap(&paging, from + 0x1000 + 5 * MIB, 0x1000);
		CHECK_EQ(error, pages < 8 ? -ENOMEM : 1);
		CHECK_EQ(memcmp(before, memory, sizeof(memory)) == 0, error < 0);
		CHECK_EQ(pool.used, pages < 8 ? 6 : 8);
	}
}

TEST(destroy_gives_everything_back)
{
	struct paging paging = new_paging(&paging_x86_nested, 5, false, POOL_PAGES);

	for (uint64_t i = 0; i < 10; i++)
		CHECK_EQ(paging_map(&paging, i << 37, i << 20, 0x3000, 3), 0);
	CHECK(pool.used > 20);
	paging_destroy(&paging);
	CHECK_EQ(pool.used, 0);
	paging_destroy(&paging);
	CHECK_EQ(pool.used, 0);
}
