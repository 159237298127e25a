// SPDX-License-Identifier: LGPL-2.1-or-later
#include "parse.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "json.h"
#include "keys.h"
#include "number.h"
#include "verify.h"

#define PAGE 4096

bool parse_is_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= CELLHV_NAME_SIZE || !isalnum((unsigned char)*name))
		return false;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
	       length;
}

static const char *describe_types(unsigned types)
{
	switch (types) {
	case PARSE_BOOL:
		return "true or false";
	case PARSE_STRING:
		return "a string";
	case PARSE_ARRAY:
		return "a list";
	case PARSE_OBJECT:
		return "an object";
	case PARSE_NUMBER:
		return "an integer or a string such as \"0x1000\" or \"64M\"";
	case PARSE_INTEGER | PARSE_ARRAY:
		return "a list of CPU numbers or how many CPUs are wanted";
	default:
		return "a string or an object";
	}
}

static bool has_type(const struct value *value, unsigned types)
{
	if (types & 1u << json_object_get_type(value->json))
		return true;

	parse_error(value, "wrong-type", "this has to be %s", describe_types(types));
	return false;
}

/* How many single-letter edits apart; only small distances matter. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[32], length = strlen(b);

	if (length >= ELEMENTS(row))
		return SIZE_MAX;

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[length];
}

static const char *closest_key(const char *name, const struct key *keys)
{
	const char *closest = NULL;
	size_t least = 3;

	for (; keys->name; keys++) {
		size_t distance = edit_distance(name, keys->name);

		if (distance < least && distance < strlen(keys->name)) {
			least = distance;
			closest = keys->name;
		}
	}
	return closest;
}

static void report_unknown(const struct value *value, const char *name, const struct key *keys)
{
	const char *closest = closest_key(name, keys);

	if (closest)
		desc_report_key(value->desc, "unknown-key", value->pointer,
				"unknown key \"%s\"; did you mean \"%s\"?", name, closest);
	else
		desc_report_key(value->desc, "unknown-key", value->pointer, "unknown key \"%s\"",
				name);
}

void parse_object(const struct value *object, const struct key *keys, void *target)
{
	json_object_object_foreach(object->json, name, json)
	{
		char pointer[JSON_POINTER_MAX];
		struct value value = {object->desc, pointer, json, target};
		const struct key *key = keys;

		snprintf(pointer, sizeof(pointer), "%s", object->pointer);
		json_pointer_append(pointer, name);
		while (key->name && strcmp(key->name, name) != 0)
			key++;
		if (!key->name)
			report_unknown(&value, name, keys);
		else if (has_type(&value, key->types))
			key->parse(&value);
	}
	for (; keys->name; keys++)
		if (keys->required && !json_object_object_get_ex(object->json, keys->name, NULL))
			parse_error(object, "missing-key", "the key \"%s\" is missing", keys->name);
}

void parse_list(const struct value *list, unsigned types, size_t max,
		void (*parse)(const struct value *value))
{
	size_t n = json_object_array_length(list->json);

	if (n > max) {
		parse_error(list, "too-many", "this list has %zu entries, %zu are possible", n,
			    max);
		return;
	}

	for (size_t i = 0; i < n; i++) {
		char pointer[JSON_POINTER_MAX], index[24];
		struct value value = {list->desc, pointer, json_object_array_get_idx(list->json, i),
				      list->target};

		snprintf(pointer, sizeof(pointer), "%s", list->pointer);
		snprintf(index, sizeof(index), "%zu", i);
		json_pointer_append(pointer, index);
		if (has_type(&value, types))
			parse(&value);
	}
}

/*
 * json-c clamps integers: what is below zero reads as such only as a signed number, and what is
 * 2^64 or more reads as 2^64 - 1, which is valid nowhere in a description.
 */
bool parse_number(const struct value *value, uint64_t *ret)
{
	const char *text = json_object_get_string(value->json);
	int r;

	if (json_object_is_type(value->json, json_type_int)) {
		uint64_t number = json_object_get_uint64(value->json);

		if (json_object_get_int64(value->json) < 0 || number == UINT64_MAX) {
			parse_error(value, "out-of-range", "this number is negative or too large");
			return false;
		}
		*ret = number;
		return true;
	}

	r = number_parse(text, ret);
	if (r == -ERANGE)
		parse_error(value, "out-of-range", "\"%s\" is too large", text);
	else if (r < 0)
		parse_error(value, "not-a-number",
			    "\"%s\" is not a number: write 4096, \"0x1000\" or \"4K\" (K, M, G, T)",
			    text);
	return r == 0;
}

bool parse_aligned(const struct value *value, uint64_t *ret)
{
	uint64_t number;

	if (!parse_number(value, &number))
		return false;

	if (number % PAGE) {
		parse_error(value, "not-aligned", "%" PRIu64 " is not a multiple of %d", number,
			    PAGE);
		return false;
	}
	*ret = number;
	return true;
}

static void report_duplicate(void *userdata, const char *pointer, size_t offset)
{
	cell_desc *desc = userdata;
	struct json_position position = json_position_of(desc->text, offset);

	diag_add(&desc->diags, &(struct cell_diag){
				       .severity = CELL_ERROR,
				       .code = "duplicate-key",
				       .file = desc->path,
				       .pointer = pointer,
				       .line = position.line,
				       .column = position.column,
				       .message = "this key stands here a second time",
			       });
}

static void report_syntax(cell_desc *desc, size_t offset, const char *message)
{
	struct json_position position = json_position_of(desc->text, offset);
	char sentence[192];

	snprintf(sentence, sizeof(sentence), "this is not JSON: %s", message);
	diag_add(&desc->diags, &(struct cell_diag){
				       .severity = CELL_ERROR,
				       .code = "not-json",
				       .file = desc->path,
				       .pointer = "",
				       .line = position.line,
				       .column = position.column,
				       .message = sentence,
			       });
}

int parse_desc(cell_desc *desc)
{
	struct json_object *json;
	const char *message;
	size_t offset;
	int r;

	r = json_parse(desc->text, desc->text_size, &json, &offset, &message);
	if (r == -EINVAL) {
		report_syntax(desc, offset, message);
		return 0;
	}
	if (r < 0)
		return r;

	r = json_find_duplicates(desc->text, report_duplicate, desc);
	if (r == 0) {
		struct value value = {desc, "", json, NULL};

		if (has_type(&value, PARSE_OBJECT))
			parse_object(&value, keys_cell, NULL);
	}
	json_object_put(json);
	if (r == 0 && !desc->diags.n_errors)
		verify_desc(desc);
	return r;
}
