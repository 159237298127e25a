// SPDX-License-Identifier: LGPL-2.1-or-later
#include "check.h"
#include "host/cmdline.h"

TEST(cmdline_has_words)
{
	CHECK(cmdline_has("a b=c", "b=c") && cmdline_has("  a\tb\n", "b"));
	CHECK(!cmdline_has("a b=c", "b") && !cmdline_has("ab", "a") && !cmdline_has("", "a"));
}

static bool has(const char *line, bool for_cells)
{
	struct cmdline_reservation reservation;

	return cmdline_find_reservation(line, for_cells, &reservation);
}

TEST(cmdline_reservations_for_cells_are_marked)
{
	struct cmdline_reservation found;

	CHECK(has("quiet memmap=1G!4G memmap=64M$0x1000", false));
	CHECK(!has("memmap=1G!4G x$y", false) && !has("memmap=1G!4G x$y", true));
	CHECK(!has("memmap=1G@0x1000 foo=$", false) && !has("memmap=0$0x1000", false));
	CHECK(!has("memmap=64M$0x1000", true));
	CHECK(!has("memmap=64M$0x1000 cellmgr.memory=0x2000", true));
	CHECK(!has("cellmgr.memory=0x1000", true) && !has("x.cellmgr.memory=0 memmap=1$0", true));

	/* Either word may have several, in any order. */
	CHECK(cmdline_find_reservation("cellmgr.memory=1,64M memmap=1M$0x1000,4K$0x4000000 quiet",
				       true, &found));
	CHECK_EQ(found.start, 64 << 20);
	CHECK_EQ(found.size, 4096);
	CHECK_STR(found.text, "4K$0x4000000");
}
