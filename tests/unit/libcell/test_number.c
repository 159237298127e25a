// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "check.h"
#include "text/number.h"

TEST(number_forms)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{"0", 0},	    {"4096", 4096},
		{"0x1000", 4096},   {"0XfF", 255},
		{"4K", 4096},	    {"0x10M", 16ull << 20},
		{"1T", 1ull << 40}, {"18446744073709551615", UINT64_MAX},
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t value = 1;

		CHECK_EQ(number_parse(good[i].text, &value), 0);
		CHECK_EQ(value, good[i].value);
	}
}

TEST(number_refuses)
{
	static const char *const bad[] = {"",  " 1",  "-1", "+1",   "1 ",  "1.9",    "0x",
					  "K", "1KB", "1k", "0x1g", "abc", "0x0x10", "0x0X"};
	uint64_t value = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_EQ(number_parse(bad[i], &value), -EINVAL);
	CHECK_EQ(number_parse("18446744073709551616", &value), -ERANGE);
	CHECK_EQ(number_parse("16777216T", &value), -ERANGE);
	CHECK_EQ(value, 77);
}

TEST(number_durations)
{
	uint32_t ms = 0;

	CHECK_EQ(number_parse_duration("5s", &ms), 0);
	CHECK_EQ(ms, 5000);
	CHECK_EQ(number_parse_duration("250ms", &ms), 0);
	CHECK_EQ(ms, 250);
	CHECK_EQ(number_parse_duration("2min", &ms), 0);
	CHECK_EQ(ms, 120000);
	CHECK_EQ(number_parse_duration("5", &ms), -EINVAL);
	CHECK_EQ(number_parse_duration("5h", &ms), -EINVAL);
	CHECK_EQ(number_parse_duration("4294968s", &ms), -ERANGE);
	CHECK_EQ(number_parse_duration("4294967295ms", &ms), 0);
	CHECK_EQ(ms, UINT32_MAX);
	CHECK_EQ(number_parse_duration("4294967296ms", &ms), -ERANGE);
}
