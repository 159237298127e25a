// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * json-c takes strings in single quotes, raw control characters in strings, and NaN and Infinity
 * even when it is strict. Returns where the first of them is, or NULL.
 */
static const char *find_laxness(const char *text, size_t size)
{
	bool in_string = false;

	for (const char *at = text; at < text + size; at++) {
		if (in_string && (unsigned char)*at < ' ')
			return at;
		if (in_string && *at == '\\')
			at++;
		else if (*at == '"')
			in_string = !in_string;
		else if (!in_string && strchr("'NI", *at))
			return at;
	}
	return NULL;
}

int json_parse(const char *text, size_t size, struct json_object **ret, size_t *ret_offset,
	       const char **ret_message)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	struct json_object *object;
	const char *message = NULL;
	size_t end;

	if (!tokener)
		return -ENOMEM;

	/* One zero byte more tells the tokener that a trailing number is complete. */
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, (int)size + 1);
	end = json_tokener_get_parse_end(tokener);
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		message = "unexpected end of the text";
	else if (json_tokener_get_error(tokener) != json_tokener_success)
		message = json_tokener_error_desc(json_tokener_get_error(tokener));
	json_tokener_free(tokener);

	while (!message && end < size && is_blank(text[end]))
		end++;
	if (!message && end < size)
		message = "text after the end of the object";
	if (!message) {
		const char *lax = find_laxness(text, size);

		if (lax) {
			message = "a string needs double quotes, and none of NaN, Infinity and "
				  "control "
				  "characters is possible";
			end = (size_t)(lax - text);
		}
	}
	if (message) {
		json_object_put(object);
		*ret_offset = end < size ? end : size;
		*ret_message = message;
		return -EINVAL;
	}
	*ret = object;
	return 0;
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

void json_pointer_append(char pointer[JSON_POINTER_MAX], const char *name)
{
	size_t used = strlen(pointer);

	if (used + 1 < JSON_POINTER_MAX)
		pointer[used++] = '/';
	for (; *name && used + 2 < JSON_POINTER_MAX; name++) {
		if (*name == '~' || *name == '/') {
			pointer[used++] = '~';
			pointer[used++] = *name == '~' ? '0' : '1';
		} else {
			pointer[used++] = *name;
		}
	}
	pointer[used] = '\0';
}

/* A second reader, for text that json-c has accepted: it only has to find things, not to check. */
struct walk {
	const char *text;
	const char *at;
	char pointer[JSON_POINTER_MAX];
	bool (*visit)(struct walk *walk, size_t key, size_t value); /* true: enough */
	void *userdata;
};

static void skip_blanks(struct walk *walk)
{
	while (is_blank(*walk->at))
		walk->at++;
}

/* Escapes stay as they are written: no key this library knows needs one. */
static void walk_string(struct walk *walk, char *copy, size_t size)
{
	size_t used = 0;

	for (walk->at++; *walk->at && *walk->at != '"'; walk->at++) {
		if (*walk->at == '\\' && walk->at[1])
			walk->at++;
		if (copy && used + 1 < size)
			copy[used++] = *walk->at;
	}
	if (*walk->at)
		walk->at++;
	if (copy)
		copy[used] = '\0';
}

static bool walk_value(struct walk *walk, size_t key, unsigned depth);

static bool walk_member(struct walk *walk, bool in_object, unsigned index, unsigned depth)
{
	size_t length = strlen(walk->pointer), key;
	char name[JSON_POINTER_MAX];
	bool done;

	skip_blanks(walk);
	key = (size_t)(walk->at - walk->text);
	if (in_object) {
		walk_string(walk, name, sizeof(name));
		skip_blanks(walk);
		walk->at++; /* the colon */
	} else {
		snprintf(name, sizeof(name), "%u", index);
	}
	json_pointer_append(walk->pointer, name);
	done = walk_value(walk, key, depth + 1);
	walk->pointer[length] = '\0';
	return done;
}

static bool walk_members(struct walk *walk, unsigned depth)
{
	bool in_object = *walk->at++ == '{';
	unsigned index = 0;

	for (;;) {
		skip_blanks(walk);
		if (!*walk->at)
			return true;
		if (*walk->at == '}' || *walk->at == ']')
			break;
		if (*walk->at == ',')
			walk->at++;
		if (walk_member(walk, in_object, index++, depth))
			return true;
	}
	walk->at++;
	return false;
}

static bool walk_value(struct walk *walk, size_t key, unsigned depth)
{
	skip_blanks(walk);
	if (depth > JSON_DEPTH_MAX || walk->visit(walk, key, (size_t)(walk->at - walk->text)))
		return true;

	if (*walk->at == '{' || *walk->at == '[')
		return walk_members(walk, depth);
	if (*walk->at == '"') {
		walk_string(walk, NULL, 0);
		return false;
	}
	walk->at += strcspn(walk->at, ",]} \t\r\n");
	return false;
}

struct locate {
	const char *pointer;
	size_t key;
	size_t value;
	bool found;
};

static bool visit_locate(struct walk *walk, size_t key, size_t value)
{
	struct locate *locate = walk->userdata;

	if (strcmp(walk->pointer, locate->pointer) != 0)
		return false;

	locate->key = key;
	locate->value = value;
	locate->found = true;
	return true;
}

bool json_locate(const char *text, const char *pointer, bool of_key, struct json_position *ret)
{
	struct locate locate = {.pointer = pointer};
	struct walk walk = {.text = text, .at = text, .visit = visit_locate, .userdata = &locate};

	walk_value(&walk, 0, 0);
	if (!locate.found)
		return false;

	*ret = json_position_of(text, of_key ? locate.key : locate.value);
	return true;
}

struct duplicates {
	struct json_object *seen;
	json_duplicate_fn found;
	void *userdata;
	char inside[JSON_POINTER_MAX]; /* the last duplicate: its members are all seen before */
	bool out_of_memory;
};

static bool is_within(const char *pointer, const char *outer)
{
	size_t length = strlen(outer);

	return length && strncmp(pointer, outer, length) == 0 && pointer[length] == '/';
}

static bool visit_duplicates(struct walk *walk, size_t key, size_t value)
{
	struct duplicates *duplicates = walk->userdata;

	(void)value;
	if (is_within(walk->pointer, duplicates->inside))
		return false;
	if (json_object_object_get_ex(duplicates->seen, walk->pointer, NULL)) {
		strcpy(duplicates->inside, walk->pointer);
		duplicates->found(duplicates->userdata, walk->pointer, key);
		return false;
	}
	duplicates->out_of_memory =
		json_object_object_add(duplicates->seen, walk->pointer, NULL) < 0;
	return duplicates->out_of_memory;
}

int json_find_duplicates(const char *text, json_duplicate_fn found, void *userdata)
{
	struct duplicates duplicates = {
		.seen = json_object_new_object(), .found = found, .userdata = userdata};
	struct walk walk = {
		.text = text, .at = text, .visit = visit_duplicates, .userdata = &duplicates};

	if (!duplicates.seen)
		return -ENOMEM;

	walk_value(&walk, 0, 0);
	json_object_put(duplicates.seen);
	return duplicates.out_of_memory ? -ENOMEM : 0;
}
