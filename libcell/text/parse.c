// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/parse.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cellhv/config.h>

#include "base/cleanup.h"
#include "text/json.h"
#include "text/number.h"
#include "text/suggest.h"

#define PAGE 4096

bool parse_is_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= CELLHV_NAME_SIZE || !isalnum((unsigned char)*name))
		return false;
	return strcmp(name, "root") != 0 &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
		       length;
}

const char *parse_quote(const struct value *value, char quote[PARSE_QUOTE_SIZE])
{
	static const char ending[] = "...";
	const char *text = json_object_get_string(value->json);
	size_t length = strlen(text), room = PARSE_QUOTE_SIZE - sizeof(ending);

	if (length < PARSE_QUOTE_SIZE) {
		strcpy(quote, text);
		return quote;
	}

	/* Not within a character of UTF-8, whose later bytes are 10xxxxxx. */
	while (room > 0 && (text[room] & 0xc0) == 0x80)
		room--;
	memcpy(quote, text, room);
	strcpy(quote + room, ending);
	return quote;
}

static const char *describe_types(unsigned types)
{
	static const struct {
		unsigned types;
		const char *description;
	} descriptions[] = {
		{PARSE_BOOL, "true or false"},
		{PARSE_INTEGER, "an integer"},
		{PARSE_STRING, "a string"},
		{PARSE_ARRAY, "a list"},
		{PARSE_OBJECT, "an object"},
		{PARSE_NUMBER, "an integer or a string such as \"0x1000\""},
		{PARSE_INTEGER | PARSE_ARRAY, "a list of CPU numbers or how many CPUs are wanted"},
		{PARSE_NUMBER | PARSE_ARRAY, "a size such as \"256M\", or a list of regions"},
		{PARSE_STRING | PARSE_OBJECT, "a string or an object"},
		{PARSE_INTEGER | PARSE_OBJECT, "an integer or an object"},
	};

	for (size_t i = 0; i < ELEMENTS(descriptions); i++)
		if (descriptions[i].types == types)
			return descriptions[i].description;
	return "something else";
}

static const char *describe_type(enum json_type type)
{
	static const char *const names[] = {
		[json_type_null] = "null",
		[json_type_boolean] = "true or false",
		[json_type_double] = "a number with fraction or exponent",
		[json_type_int] = "an integer",
		[json_type_object] = "an object",
		[json_type_array] = "a list",
		[json_type_string] = "a string",
	};

	return names[type];
}

static bool has_type(const struct value *value, unsigned types)
{
	enum json_type type = json_object_get_type(value->json);

	if (types & 1u << type)
		return true;

	parse_error(value, "wrong-type", "this has to be %s, not %s", describe_types(types),
		    describe_type(type));
	return false;
}

static void report_unknown(const struct value *value, const char *name, const struct key *keys)
{
	unsigned distance = SUGGEST_FAR;
	const char *closest = NULL;

	for (; keys->name; keys++)
		if (suggest_closer(name, keys->name, &distance))
			closest = keys->name;
	if (closest)
		document_report_key(value->document, "unknown-key", value->pointer,
				    "unknown key \"%s\"; did you mean \"%s\"?", name, closest);
	else
		document_report_key(value->document, "unknown-key", value->pointer,
				    "unknown key \"%s\"", name);
}

void parse_object(const struct value *object, const struct key *keys, void *target)
{
	json_object_object_foreach(object->json, name, json)
	{
		char pointer[WALK_POINTER_MAX];
		struct value value = {object->document, pointer, json, object->whole, target, 0};
		const struct key *key = keys;

		strcpy(pointer, object->pointer);
		walk_pointer_append(pointer, name);
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

size_t parse_list(const struct value *list, unsigned types, size_t max,
		  void (*parse)(const struct value *value))
{
	size_t n = json_object_array_length(list->json);

	if (n > max) {
		parse_error(list, "too-many", "this list has %zu entries, %zu are possible", n,
			    max);
		return 0;
	}

	for (size_t i = 0; i < n; i++) {
		char pointer[WALK_POINTER_MAX], index[24];
		struct value value = {
			list->document, pointer,      json_object_array_get_idx(list->json, i),
			list->whole,	list->target, i};

		strcpy(pointer, list->pointer);
		snprintf(index, sizeof(index), "%zu", i);
		walk_pointer_append(pointer, index);
		if (has_type(&value, types))
			parse(&value);
	}
	return n;
}

/*
 * What is below zero reads as such only as a signed number, and what is 2^64 or more reads as
 * 2^64 - 1 (json.c), which is valid nowhere in a description.
 */
static bool parse_integer(const struct value *value, uint64_t *ret)
{
	uint64_t number = json_object_get_uint64(value->json);

	if (json_object_get_int64(value->json) < 0) {
		parse_error(value, "out-of-range", "nothing here is negative");
		return false;
	}
	if (number == UINT64_MAX) {
		parse_error(value, "out-of-range", "this number is too large");
		return false;
	}
	*ret = number;
	return true;
}

bool parse_number(const struct value *value, uint64_t *ret)
{
	char quote[PARSE_QUOTE_SIZE];
	int r;

	if (json_object_is_type(value->json, json_type_int))
		return parse_integer(value, ret);

	r = number_parse(json_object_get_string(value->json), ret);
	if (r == -ERANGE)
		parse_error(value, "out-of-range", "\"%s\" is too large",
			    parse_quote(value, quote));
	else if (r < 0)
		parse_error(value, "not-a-number",
			    "\"%s\" is not a number: write 4096, \"0x1000\" or \"4K\" (K, M, G, T)",
			    parse_quote(value, quote));
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

static void report_duplicate(void *userdata, const char *pointer, size_t first, size_t second)
{
	struct document *document = userdata;

	document_report_at(document, CELL_ERROR, "duplicate-key", pointer, second,
			   "this key is a duplicate");
	document_report_at(document, CELL_NOTE, "duplicate-key", pointer, first,
			   "the first one is here");
}

static void report_syntax(struct document *document, const struct walk_error *error)
{
	document_report_at(document, CELL_ERROR, "not-json", "", error->offset, error->message);
	if (error->opened != WALK_NOWHERE)
		document_report_at(document, CELL_NOTE, "not-json", "", error->opened,
				   document->text[error->opened] == '"'
					   ? "the quote is opened here"
					   : "the bracket is opened here");
}

int parse_document(struct document *document, const struct key *keys, void *whole)
{
	struct walk_error error;
	struct json_object *json;
	int r;

	r = json_parse(document->text, document->size, &json, &error);
	if (r == -EINVAL) {
		report_syntax(document, &error);
		return document->diags.is_incomplete ? -ENOMEM : 0;
	}
	if (r < 0)
		return r;

	r = json_find_duplicates(document->text, report_duplicate, document);
	if (r == 0) {
		struct value value = {document, "", json, whole, NULL, 0};

		if (has_type(&value, PARSE_OBJECT))
			parse_object(&value, keys, whole);
	}
	json_object_put(json);
	return r == 0 && document->diags.is_incomplete ? -ENOMEM : r;
}
