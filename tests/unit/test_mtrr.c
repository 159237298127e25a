/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>

#include "arch/x86/paging_formats.h"
#include "check.h"
#include "arch/x86/mtrr.h"

#define UNCACHED 0u
#define WRITE_COMBINING 1u
#define WRITE_BACK 6u
#define VALID (1ull << 11)
#define ENABLED (1ull << 11)
#define FIXED_ENABLED (1ull << 10)
#define PHYS_MASK ((1ull << 36) - 1)
#define GIB (1ull << 30)
#define ALL_WRITE_BACK 0x0606060606060606ull

void pool_broken(const struct page_pool *broken, const void *pages)
{
	(void)broken;
	fprintf(stderr, "pool broken at %p\n", pages);
	abort();
}

/* 1 GiB of RAM as firmware likes to describe it: a write-back default with a hole. */
static struct mtrr with_hole(void)
{
	struct mtrr mtrr = {.default_type = ENABLED | WRITE_BACK, .phys_mask = PHYS_MASK};

	mtrr.variable = 1;
	mtrr.base[0] = 0xc0000000 | UNCACHED;
	mtrr.mask[0] = (PHYS_MASK & ~(GIB - 1)) | VALID;
	return mtrr;
}

TEST(hole_in_write_back)
{
	struct mtrr mtrr = with_hole();
	uint64_t end;

	CHECK(mtrr_is_write_back(&mtrr, 0x1000000, &end));
	CHECK_EQ(end, 0xc0000000);
	CHECK(!mtrr_is_write_back(&mtrr, 0xfee00000, &end));
	CHECK_EQ(end, 0x100000000);
	CHECK(mtrr_is_write_back(&mtrr, 0x100000000, &end));
	CHECK_EQ(end, PHYS_MASK + 1);
}

TEST(disabled_range_counts_for_nothing)
{
	struct mtrr mtrr = with_hole();
	uint64_t end;

	mtrr.mask[0] &= ~VALID;
	CHECK(mtrr_is_write_back(&mtrr, 0xfee00000, &end));
}

/* Intel SDM vol. 3, 12.11.4.1: uncached wins; nothing but write-back everywhere is write-back. */
TEST(overlapping_ranges)
{
	struct mtrr mtrr = {.default_type = ENABLED | UNCACHED, .phys_mask = PHYS_MASK};
	uint64_t end;

	mtrr.variable = 3;
	mtrr.base[0] = 0 | WRITE_BACK;
	mtrr.mask[0] = (PHYS_MASK & ~(4 * GIB - 1)) | VALID;
	mtrr.base[1] = 3 * GIB | UNCACHED;
	mtrr.mask[1] = (PHYS_MASK & ~(GIB - 1)) | VALID;
	mtrr.base[2] = 2 * GIB | WRITE_COMBINING;
	mtrr.mask[2] = (PHYS_MASK & ~(0x1000000 - 1)) | VALID;
	CHECK(mtrr_is_write_back(&mtrr, GIB, &end));
	CHECK_EQ(end, 2 * GIB);
	CHECK(!mtrr_is_write_back(&mtrr, 2 * GIB, &end));
	CHECK_EQ(end, 2 * GIB + 0x1000000);
	CHECK(mtrr_is_write_back(&mtrr, end, &end));
	CHECK_EQ(end, 3 * GIB);
	CHECK(!mtrr_is_write_back(&mtrr, end, &end));
	CHECK_EQ(end, 4 * GIB);
	CHECK(!mtrr_is_write_back(&mtrr, end, &end));
}

/* Table 12-9: 64 KiB, 16 KiB and 4 KiB ranges of the first MiB. */
TEST(fixed_ranges)
{
	struct mtrr mtrr = with_hole();
	uint64_t end;

	mtrr.default_type |= FIXED_ENABLED;
	for (unsigned i = 0; i < MTRR_FIXED_MSRS; i++)
		mtrr.fixed[i] = ALL_WRITE_BACK;
	mtrr.fixed[2] = 0;				   /* A0000 - BFFFF */
	mtrr.fixed[6] = ALL_WRITE_BACK & ~(0xffull << 56); /* DF000 */
	CHECK(mtrr_is_write_back(&mtrr, 0x9ffff, &end));
	CHECK_EQ(end, 0xa0000);
	CHECK(!mtrr_is_write_back(&mtrr, 0xa0000, &end));
	CHECK_EQ(end, 0xa4000);
	CHECK(!mtrr_is_write_back(&mtrr, 0xbffff, &end));
	CHECK_EQ(end, 0xc0000);
	CHECK(mtrr_is_write_back(&mtrr, 0xdefff, &end));
	CHECK_EQ(end, 0xdf000);
	CHECK(!mtrr_is_write_back(&mtrr, 0xdf000, &end));
	CHECK_EQ(end, 0xe0000);
	CHECK(mtrr_is_write_back(&mtrr, 0x100000, &end));

	mtrr.default_type &= ~FIXED_ENABLED;
	CHECK(mtrr_is_write_back(&mtrr, 0xa0000, &end));
	CHECK_EQ(end, 0x100000);
}

/* Firmware that left them off: RAM is write-back all the same, wherever it is added. */
TEST(switched_off)
{
	struct mtrr mtrr = with_hole();
	uint64_t end;

	mtrr.default_type = UNCACHED;
	CHECK(mtrr_is_write_back(&mtrr, 0, &end));
	CHECK_EQ(end, PHYS_MASK + 1);
	CHECK(mtrr_is_write_back(&mtrr, 0xc0000000, &end));
	CHECK(mtrr_is_write_back(&mtrr, PHYS_MASK & ~(GIB - 1), &end));
	CHECK_EQ(end, PHYS_MASK + 1);
}

/* Intel SDM vol. 3, table 29-6: bits 5:3 of a leaf are its type. */
TEST(nested_tables_have_the_types)
{
	enum { PAGES = 64 };
	static _Alignas(4096) uint8_t memory[PAGES * PAGE_SIZE];
	uint64_t bitmap[POOL_BITMAP_WORDS(PAGES)] = {0};
	struct page_pool pool;
	struct paging paging = {.format = &paging_ept, .pool = &pool, .levels = 4, .huge_1g = true};
	struct paging_translation translation;
	struct mtrr mtrr = with_hole();

	pool_init(&pool, memory, PAGES, bitmap);
	CHECK_EQ(paging_init(&paging), 0);
	CHECK(paging_map(&paging, 0, 0, 4 * GIB, PAGING_READ | PAGING_WRITE) >= 0);
	CHECK_EQ(mtrr_apply(&mtrr, &paging, 0, 4 * GIB), 1);
	CHECK(paging_lookup(&paging, GIB, &translation));
	CHECK(!(translation.access & PAGING_DEVICE));
	CHECK(paging_lookup(&paging, 0xfee00000, &translation));
	CHECK(translation.access & PAGING_DEVICE);
	CHECK_EQ(translation.page_size, GIB);
	CHECK_EQ(mtrr_apply(&mtrr, &paging, 0, GIB), 0);
}
