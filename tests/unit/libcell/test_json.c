// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "check.h"
#include "text/json.h"
#include "text/suggest.h"
#include "text/utf8.h"

TEST(json_refuses_what_json_c_lets_pass)
{
	static const char *const bad[] = {
		"{'a': 1}",	    "{\"a\": 1} x",	 "{\"a\": \"x\ny\"}", "{\"a\": 1,}",
		"{\"a\": 01}",	    "{\"a\": \"\xff\"}", "{\"a\":",	      "",
		"{/* c */\"a\": 1}"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct json_object *object = NULL;
		struct walk_error error = {9999, 9999, NULL};

		CHECK_EQ(json_parse(bad[i], strlen(bad[i]), &object, &error), -EINVAL);
		CHECK(error.offset <= strlen(bad[i]));
		CHECK(error.opened == WALK_NOWHERE || error.opened < error.offset);
		CHECK(error.message && !object);
	}
}

TEST(json_locates_keys_and_values)
{
	static const char text[] = "{\n  \"a\": [ 1,\n    { \"b/c\": \"x]\\\"\", \"d\": 2 } ] }";
	struct json_position position;

	CHECK(json_locate(text, "/a/1/d", false, &position));
	CHECK_EQ(position.line, 3);
	CHECK_EQ(position.column, 27);
	CHECK(json_locate(text, "/a/1/b~1c", true, &position));
	CHECK_EQ(position.column, 7);
	CHECK(!json_locate(text, "/a/2", false, &position));
}

static void count(void *userdata, const char *pointer, size_t first, size_t second)
{
	CHECK_STR(pointer, "/a/0/x");
	CHECK_EQ(first, 7);
	CHECK_EQ(second, 16);
	++*(int *)userdata;
}

TEST(json_finds_duplicates_once)
{
	int n = 0;

	CHECK_EQ(
		json_find_duplicates("{\"a\":[{\"x\":[1], \"\\u0078\":[2,3]}],\"x\":1}", count, &n),
		0);
	CHECK_EQ(n, 1);
}

TEST(json_takes_the_deepest_and_longest_that_the_walk_takes)
{
	char text[4096] = "";
	struct json_object *object;
	struct walk_error error;

	for (int i = 0; i < WALK_DEPTH_MAX; i++)
		strcat(text, "[");
	for (int i = 0; i < WALK_DEPTH_MAX; i++)
		strcat(text, "]");
	CHECK_EQ(json_parse(text, strlen(text), &object, &error), 0);
	json_object_put(object);

	strcpy(text, "{\"");
	for (int i = 0; i < WALK_NAME_MAX; i++)
		strcat(text, "/");
	strcat(text, "\":1}");
	CHECK_EQ(json_parse(text, strlen(text), &object, &error), 0);
	json_object_put(object);
}

TEST(utf8_goes_both_ways)
{
	static const uint32_t characters[] = {1,      0x7f,   0x80,   0x7ff,   0x800,
					      0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};

	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
		char text[UTF8_MAX];
		size_t n = utf8_encode(characters[i], text);
		uint32_t character;

		CHECK_EQ(utf8_decode(text, n, &character), n);
		CHECK_EQ(character, characters[i]);
		CHECK_EQ(utf8_decode(text, n - 1, &character), 0);
	}
}

TEST(suggestions_are_close_and_the_closest_wins)
{
	unsigned distance = SUGGEST_FAR;

	CHECK(!suggest_closer("whatever", "memory", &distance));
	CHECK(!suggest_closer("xx", "at", &distance));
	CHECK(suggest_closer("comm_revison", "comm-revision", &distance));
	CHECK_EQ(distance, 1);
	CHECK(!suggest_closer("comm_revison", "comm", &distance));
	distance = SUGGEST_FAR;
	CHECK(suggest_closer("comm_revison", "comm", &distance));
	CHECK(suggest_closer("comm_revison", "comm-revision", &distance));
	distance = SUGGEST_FAR;
	CHECK(suggest_closer("siez", "size", &distance));
	CHECK_EQ(distance, 1);
}

/* What json-c is given is no number that its versions disagree about. */
TEST(numbers_mean_the_same_to_every_parser)
{
	static const struct {
		const char *text;
		json_type type;
		uint64_t value;
	} cases[] = {
		{"0", json_type_int, 0},
		{"18446744073709551614", json_type_int, UINT64_MAX - 1},
		{"18446744073709551615", json_type_int, UINT64_MAX},
		{"18446744073709551616", json_type_int, UINT64_MAX},
		{"99999999999999999999", json_type_int, UINT64_MAX},
		{"123456789012345678901234567890", json_type_int, UINT64_MAX},
		{"1e3", json_type_double, 0},
		{"1E400", json_type_double, 0},
		{"-0.0", json_type_double, 0},
		{"123456789012345678901234567890.5", json_type_double, 0},
	};
	struct json_object *object;
	struct walk_error error;
	char text[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *first, *last;

		snprintf(text, sizeof(text), "[%s,%s ,1]", cases[i].text, cases[i].text);
		CHECK_EQ(json_parse(text, strlen(text), &object, &error), 0);
		CHECK_EQ(json_object_array_length(object), 3);
		first = json_object_array_get_idx(object, 0);
		last = json_object_array_get_idx(object, 2);
		CHECK_EQ(json_object_get_type(first), cases[i].type);
		if (cases[i].type == json_type_int)
			CHECK(json_object_get_uint64(first) == cases[i].value);
		CHECK_EQ(json_object_get_int64(last), 1);
		json_object_put(object);
	}
}

/* Those beyond 64 bits become another; the least that is not remains. */
TEST(negative_numbers_mean_the_same_to_every_parser)
{
	static const struct {
		const char *text;
		int64_t value;
	} cases[] = {
		{"-0", 0},
		{"-9223372036854775807", -INT64_MAX},
		{"-9223372036854775808", INT64_MIN},
		{"-9223372036854775809", -1},
		{"-9999999999999999999", -1},
		{"-10000000000000000000", -1},
	};
	struct json_object *object;
	struct walk_error error;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].text;

		CHECK_EQ(json_parse(text, strlen(text), &object, &error), 0);
		CHECK(json_object_is_type(object, json_type_int));
		CHECK_EQ(json_object_get_int64(object), cases[i].value);
		json_object_put(object);
	}
}

/* The walk decides which bytes are UTF-8: json-c, whose versions differ there, is not asked. */
TEST(characters_mean_the_same_to_every_parser)
{
	static const uint32_t characters[] = {0x7f,   0x80,   0x7ff,   0x800,	0xd7ff,
					      0xe000, 0xffff, 0x10000, 0x10ffff};
	struct json_object *object;
	struct walk_error error;

	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
		char text[3 * UTF8_MAX + 3] = "\"";
		size_t n = 1;

		for (size_t j = 0; j < 3; j++)
			n += utf8_encode(characters[i], text + n);
		text[n] = '"';
		CHECK_EQ(json_parse(text, n + 1, &object, &error), 0);
		CHECK_EQ(json_object_get_string_len(object), n - 1);
		CHECK(memcmp(json_object_get_string(object), text + 1, n - 1) == 0);
		json_object_put(object);
	}
}
