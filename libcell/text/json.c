// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define JSON_TOO_LARGE "18446744073709551615" /* UINT64_MAX; parse.c refuses it */
#define JSON_LEAST "-9223372036854775808"     /* INT64_MIN */

/* Of the same sign; neither has leading zeros. */
static bool is_beyond(const char *number, size_t length, const char *limit)
{
	return length != strlen(limit) ? length > strlen(limit) : memcmp(number, limit, length) > 0;
}

/*
 * What becomes of a number depends on json-c's version where it is beyond 64 bits, which 0.18 takes
 * for a mistake in the text, or no integer. So json-c gets one that all versions take, and that is
 * refused by the same words: the largest, any negative one, any with a fraction. Its place is as
 * long, filled up with blanks.
 */
static void tame(struct walk *walk, size_t start, size_t length)
{
	const char *number = walk->text + start, *tamed = NULL;
	char *copy = (char *)walk->userdata + start;

	if (memchr(number, '.', length) || memchr(number, 'e', length) ||
	    memchr(number, 'E', length))
		tamed = "0.5";
	else if (*number == '-' && is_beyond(number, length, JSON_LEAST))
		tamed = "-1";
	else if (*number != '-' && is_beyond(number, length, JSON_TOO_LARGE))
		tamed = JSON_TOO_LARGE;
	if (!tamed)
		return;

	memset(copy, ' ', length);
	for (size_t i = 0; tamed[i]; i++)
		copy[i] = tamed[i];
}

static bool is_blank(const char *text)
{
	return !text[strspn(text, " \t\r\n")];
}

/*
 * Of text in which walk_text() has found nothing wrong: where json-c does not get to its end,
 * memory ran out, which its versions tell as success with a part, as an error of the syntax, or as
 * such.
 */
static int parse(const char *text, size_t size, struct json_object **ret)
{
	struct json_tokener *tokener;
	struct json_object *object;
	bool is_whole;

	/* It counts the value itself as a level. */
	tokener = json_tokener_new_ex(WALK_DEPTH_MAX + 1);
	if (!tokener)
		return -ENOMEM;

	/*
	 * Without flags: walk_text() is as strict and has looked at each character, where 0.18 with
	 * JSON_TOKENER_STRICT refuses all beyond ASCII
	 * (https://github.com/json-c/json-c/issues/892). One zero byte more tells the tokener that
	 * a trailing number is complete.
	 */
	object = json_tokener_parse_ex(tokener, text, (int)size + 1);
	is_whole = json_tokener_get_error(tokener) == json_tokener_success &&
		   is_blank(text + json_tokener_get_parse_end(tokener));
	json_tokener_free(tokener);
	if (!is_whole) {
		json_object_put(object);
		return -ENOMEM;
	}
	*ret = object;
	return 0;
}

int json_parse(const char *text, size_t size, struct json_object **ret,
	       struct walk_error *ret_error)
{
	_cleanup_free_ char *copy = malloc(size + 1);
	struct walk walk = {.text = text, .size = size, .number = tame, .userdata = copy};

	if (!copy)
		return -ENOMEM;

	memcpy(copy, text, size);
	copy[size] = '\0';
	if (walk_text(&walk) < 0) {
		*ret_error = walk.error;
		return -EINVAL;
	}
	return parse(copy, size, ret);
}

char *json_to_text(struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
									  JSON_C_TO_STRING_SPACED);

	return text ? strdup(text) : NULL;
}

struct json_position json_position_of(const char *text, size_t offset)
{
	struct json_position position = {1, 1};

	for (size_t i = 0; i < offset; i++) {
		position.column++;
		if (text[i] == '\n')
			position = (struct json_position){position.line + 1, 1};
	}
	return position;
}

struct locate {
	const char *pointer;
	size_t key;
	size_t value;
};

static int visit_locate(struct walk *walk, size_t key, size_t value)
{
	struct locate *locate = walk->userdata;

	if (strcmp(walk->pointer, locate->pointer) != 0)
		return 0;

	locate->key = key;
	locate->value = value;
	return 1;
}

bool json_locate(const char *text, const char *pointer, bool of_key, struct json_position *ret)
{
	struct locate locate = {.pointer = pointer};
	struct walk walk = {
		.text = text, .size = strlen(text), .visit = visit_locate, .userdata = &locate};

	if (walk_text(&walk) != 1)
		return false;

	*ret = json_position_of(text, of_key ? locate.key : locate.value);
	return true;
}

struct duplicates {
	struct json_object *seen; /* offset of the key, by pointer */
	json_duplicate_fn found;
	void *userdata;
	char inside[WALK_POINTER_MAX]; /* the last duplicate: its members are all seen before */
	bool out_of_memory;
};

static bool is_within(const char *pointer, const char *outer)
{
	size_t length = strlen(outer);

	return length && strncmp(pointer, outer, length) == 0 && pointer[length] == '/';
}

static int visit_duplicates(struct walk *walk, size_t key, size_t value)
{
	struct duplicates *duplicates = walk->userdata;
	struct json_object *first;

	(void)value;
	if (is_within(walk->pointer, duplicates->inside))
		return 0;
	if (json_object_object_get_ex(duplicates->seen, walk->pointer, &first)) {
		strcpy(duplicates->inside, walk->pointer);
		duplicates->found(duplicates->userdata, walk->pointer,
				  (size_t)json_object_get_int64(first), key);
		return 0;
	}
	first = json_object_new_int64((int64_t)key);
	if (!first || json_object_object_add(duplicates->seen, walk->pointer, first) < 0) {
		json_object_put(first);
		duplicates->out_of_memory = true;
	}
	return duplicates->out_of_memory;
}

int json_find_duplicates(const char *text, json_duplicate_fn found, void *userdata)
{
	struct duplicates duplicates = {
		.seen = json_object_new_object(), .found = found, .userdata = userdata};
	struct walk walk = {.text = text,
			    .size = strlen(text),
			    .visit = visit_duplicates,
			    .userdata = &duplicates};

	if (!duplicates.seen)
		return -ENOMEM;

	walk_text(&walk);
	json_object_put(duplicates.seen);
	return duplicates.out_of_memory ? -ENOMEM : 0;
}
