// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "check.h"
#include "json.h"

TEST(json_refuses_what_json_c_lets_pass)
{
	static const char *const bad[] = {
		"{'a': 1}",	    "{\"a\": 1} x",	 "{\"a\": \"x\ny\"}", "{\"a\": 1,}",
		"{\"a\": 01}",	    "{\"a\": \"\xff\"}", "{\"a\":",	      "",
		"{/* c */\"a\": 1}"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct json_object *object = NULL;
		const char *message = NULL;
		size_t offset = 9999;

		CHECK_EQ(json_parse(bad[i], strlen(bad[i]), &object, &offset, &message), -EINVAL);
		CHECK(offset <= strlen(bad[i]));
		CHECK(message && !object);
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

static void count(void *userdata, const char *pointer, size_t offset)
{
	CHECK_STR(pointer, "/a/0/x");
	CHECK_EQ(offset, 16);
	++*(int *)userdata;
}

TEST(json_finds_duplicates_once)
{
	int n = 0;

	CHECK_EQ(json_find_duplicates("{\"a\":[{\"x\":[1], \"x\":[2,3]}],\"x\":1}", count, &n), 0);
	CHECK_EQ(n, 1);
}
