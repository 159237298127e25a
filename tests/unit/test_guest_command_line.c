/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "runtime/runtime.h"

/* As the linker script places it. */
char command_line[COMMAND_LINE_SIZE];

static void set(const char *text)
{
	memset(command_line, 0, sizeof(command_line));
	strcpy(command_line, text);
}

TEST(a_word_is_found_where_a_word_begins)
{
	set("quiet skip=1 ip=10.0.2.16 ip=other last=");
	CHECK(!strncmp(command_line_find("ip"), "10.0.2.16 ", 10));
	CHECK_STR(command_line_find("last"), "");
	CHECK(!command_line_find("quiet"));
	CHECK(!command_line_find("kip"));
	CHECK(!command_line_find("i"));
	CHECK(!command_line_find("10.0.2.16 ip"));
	set("");
	CHECK(!command_line_find("ip"));
}

TEST(text_without_an_end_is_none)
{
	set("ip=1 ");
	CHECK_STR(command_line_find("ip"), "1 ");
	memset(command_line + 5, 'x', sizeof(command_line) - 5);
	CHECK(!command_line_find("ip"));
	memcpy(command_line + sizeof(command_line) - 4, " ip", 4);
	CHECK(command_line_find("ip") == command_line + 3);
	command_line[0] = 'x';
	command_line[sizeof(command_line) - 1] = 'x';
	CHECK(!command_line_find("ip"));
}

TEST(numbers)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t value;
	} cases[] = {
		{"n=0", true, 0},
		{"n=60 m", true, 60},
		{"m=1 n=0x70AbcDEF", true, 0x70abcdef},
		{"n=0xfffffffffffffff0", true, 0xfffffffffffffff0},
		{"n=1000000000000000000", true, 1000000000000000000},
		{"other", true, 77},
		{"n=", false, 0},
		{"n=0x", false, 0},
		{"n=often", false, 0},
		{"n=1s", false, 0},
		{"n=-1", false, 0},
		{"n=0x10000000000000000", false, 0},
		{"n=100000000000000000000", false, 0},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 0;

		set(cases[i].text);
		CHECK_EQ(command_line_number("n", 77, &value), cases[i].ok);
		if (cases[i].ok)
			CHECK_EQ(value, cases[i].value);
	}
}

TEST(a_list_of_numbers)
{
	const char *text = "0x10,20 rest";
	uint64_t value;

	text = parse_number(text, &value);
	CHECK(text && *text == ',' && value == 0x10);
	text = parse_number(text + 1, &value);
	CHECK(text && *text == ' ' && value == 20);
	CHECK(!parse_number(text + 1, &value));
}
