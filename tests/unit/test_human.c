// SPDX-License-Identifier: LGPL-2.1-or-later
#include "human.h"

#include <stdlib.h>
#include <time.h>

#include "check.h"

TEST(sizes_are_cut_and_not_rounded)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} table[] = {
		{0, "0 bytes"},
		{1023, "1023 bytes"},
		{1024, "1 KiB"},
		{1536, "1.5 KiB"},
		{2047, "1.9 KiB"},
		{4096, "4 KiB"},
		{(1 << 20) - 1, "1023.9 KiB"},
		{1 << 20, "1 MiB"},
		{3ull << 29, "1.5 GiB"},
		{(1ull << 40) + 1, "1 TiB"},
		{UINT64_MAX, "15.9 EiB"},
	};
	char text[HUMAN_MAX];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		CHECK_STR(human_size(table[i].bytes, text), table[i].text);
}

TEST(durations_have_two_units)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} table[] = {
		{0, "0 s"},
		{59, "59 s"},
		{60, "1 min"},
		{61, "1 min 1 s"},
		{3599, "59 min 59 s"},
		{3600, "1 h"},
		{3660, "1 h 1 min"},
		{86399, "23 h 59 min"},
		{86400, "1 d"},
		{90061, "1 d 1 h"},
		{18446744073708, "213503982 d 8 h"},
	};
	char text[HUMAN_MAX];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		CHECK_STR(human_duration(table[i].seconds * 1000000 + 999999, text), table[i].text);
}

TEST(times_are_of_the_zone)
{
	char text[HUMAN_MAX];
	uint64_t now;

	setenv("TZ", "UTC", 1);
	tzset();
	CHECK_STR(human_time(1795882326999999, text), "Sat 2026-11-28 16:12:06 UTC");
	CHECK_STR(human_time(UINT64_MAX, text), "Wed 586524-01-19 08:01:49 UTC");
	now = (uint64_t)time(NULL) * 1000000;
	CHECK(human_since(now - 5000000) >= 5000000);
	CHECK(human_since(now - 5000000) < 60000000);
	CHECK_EQ(human_since(now + 60000000), 0);
}
