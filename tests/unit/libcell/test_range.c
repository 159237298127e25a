// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "check.h"
#include "cpuset.h"
#include "range.h"

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
}

TEST(range_overflow_changes_nothing)
{
	struct ranges set = {0};

	for (uint64_t i = 0; i < RANGES_MAX; i++)
		CHECK_EQ(ranges_add(&set, i * 0x4000, 0x3000), 0);
	CHECK_EQ(ranges_add(&set, 0x10000000, 0x1000), -E2BIG);
	CHECK_EQ(ranges_remove(&set, 0x1000, 0x1000), -E2BIG);
	CHECK_EQ(set.n, RANGES_MAX);
	CHECK_EQ(ranges_add(&set, 0x3000, 0x1000), 0);
	CHECK_EQ(set.n, RANGES_MAX - 1);
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
