// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "base/range.h"
#include "check.h"
#include "host/cpuset.h"

TEST(range_add_merges)
{
	struct ranges set = {0};

	CHECK_EQ(ranges_add(&set, 0x3000, 0x1000), 0);
	CHECK_EQ(ranges_add(&set, 0x1000, 0x1000), 0);
	CHECK_EQ(set.n, 2);
	CHECK_EQ(set.items[0].start, 0x1000);
	CHECK_EQ(ranges_add(&set, 0x2000, 0x1000), 0);
	CHECK_EQ(set.n, 1);
	CHECK_EQ(set.items[0].size, 0x3000);
	ranges_clear(&set);
}

TEST(range_remove_splits)
{
	struct ranges set = {0};

	ranges_add(&set, 0x1000, 0x4000);
	CHECK_EQ(ranges_remove(&set, 0x2000, 0x1000), 0);
	CHECK_EQ(set.n, 2);
	CHECK_EQ(ranges_total(&set), 0x3000);
	CHECK(!ranges_touch(&set, 0x2000, 0x1000));
	CHECK(!ranges_cover(&set, 0x1000, 0x2000));
	CHECK_EQ(ranges_remove(&set, 0, UINT64_MAX), 0);
	CHECK_EQ(set.n, 0);
	ranges_clear(&set);
}

static void check_set(struct ranges *set, size_t n, const struct range *expected)
{
	CHECK_EQ(set->n, n);
	for (size_t i = 0; i < n; i++) {
		CHECK_EQ(set->items[i].start, expected[i].start);
		CHECK_EQ(set->items[i].size, expected[i].size);
	}
	ranges_clear(set);
}

static struct ranges make_set(void)
{
	struct ranges set = {0};

	CHECK_EQ(ranges_add(&set, 0x1000, 0x1000), 0);
	CHECK_EQ(ranges_add(&set, 0x4000, 0x2000), 0);
	CHECK_EQ(ranges_add(&set, 0x8000, 0x1000), 0);
	return set;
}

/* Nothing is left of what begins and ends where the removed piece does. */
TEST(range_remove_leaves_no_empty_piece)
{
	struct ranges set = make_set();

	ranges_remove(&set, 0x4000, 0x2000);
	check_set(&set, 2, (struct range[]){{0x1000, 0x1000}, {0x8000, 0x1000}});
	set = make_set();
	ranges_remove(&set, 0x4000, 0x1000);
	check_set(&set, 3, (struct range[]){{0x1000, 0x1000}, {0x5000, 0x1000}, {0x8000, 0x1000}});
	set = make_set();
	ranges_remove(&set, 0x5000, 0x1000);
	check_set(&set, 3, (struct range[]){{0x1000, 0x1000}, {0x4000, 0x1000}, {0x8000, 0x1000}});
	set = make_set();
	ranges_remove(&set, 0x1800, 0x7000);
	check_set(&set, 2, (struct range[]){{0x1000, 0x800}, {0x8800, 0x800}});
	set = make_set();
	ranges_remove(&set, 0x2000, 0x2000); /* touches two, overlaps none */
	check_set(&set, 3, (struct range[]){{0x1000, 0x1000}, {0x4000, 0x2000}, {0x8000, 0x1000}});
	set = make_set();
	ranges_remove(&set, 0x4800, 0);
	ranges_add(&set, 0x7000, 0);
	check_set(&set, 3, (struct range[]){{0x1000, 0x1000}, {0x4000, 0x2000}, {0x8000, 0x1000}});
}

TEST(range_sets_have_no_limit)
{
	struct ranges set = {0}, copy;

	for (uint64_t i = 0; i < 1000; i++)
		CHECK_EQ(ranges_add(&set, i * 0x4000, 0x3000), 0);
	CHECK_EQ(set.n, 1000);
	CHECK_EQ(ranges_copy(&set, &copy), 0);
	for (uint64_t i = 0; i < 1000; i++)
		CHECK_EQ(ranges_remove(&set, i * 0x4000 + 0x1000, 0x1000), 0);
	CHECK_EQ(set.n, 2000);
	CHECK_EQ(ranges_total(&set), 1000 * 0x2000);
	CHECK(ranges_cover(&copy, 999 * 0x4000, 0x3000));
	CHECK_EQ(ranges_add(&copy, 0x3000, 0x1000), 0);
	CHECK_EQ(copy.n, 999);
	ranges_clear(&set);
	ranges_clear(&copy);
}

TEST(cpuset_list_format)
{
	struct cpuset set = {0};
	char text[64];

	CHECK_EQ(cpuset_parse("0-2,5,255", &set), 0);
	CHECK_EQ(cpuset_count(&set), 5);
	CHECK(cpuset_has(&set, 255) && !cpuset_has(&set, 3) && !cpuset_has(&set, 256));
	cpuset_format(&set, text, sizeof(text));
	CHECK_STR(text, "0-2,5,255");
	CHECK_EQ(cpuset_parse("2-1", &set), -EINVAL);
	CHECK_EQ(cpuset_parse("x", &set), -EINVAL);
}
