/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A document by its keys: each has a function that says what it means. */
#ifndef LIBCELL_PARSE_H
#define LIBCELL_PARSE_H

#include <json-c/json.h>

#include "text/document.h"

#define PARSE_BOOL (1u << json_type_boolean)
#define PARSE_INTEGER (1u << json_type_int)
#define PARSE_STRING (1u << json_type_string)
#define PARSE_ARRAY (1u << json_type_array)
#define PARSE_OBJECT (1u << json_type_object)
#define PARSE_NUMBER (PARSE_INTEGER | PARSE_STRING) /* 4096, "0x1000", "4K" */
#define PARSE_ANY (~0u)

/* Where editors look for the schema; nothing to this library. */
#define PARSE_SCHEMA "$schema"

struct value {
	struct document *document;
	const char *pointer;
	struct json_object *json;
	void *whole;  /* the structure the document fills */
	void *target; /* that which the enclosing object fills */
	size_t index; /* in the list, where it stands in one */
};

struct key {
	const char *name;
	unsigned types;
	bool required;
	void (*parse)(const struct value *value);
};

#define parse_error(value, code, ...) \
	document_report((value)->document, CELL_ERROR, code, (value)->pointer, __VA_ARGS__)

/* Fills whole, as keys say; problems become diagnostics. -ENOMEM. */
int parse_document(struct document *document, const struct key *keys, void *whole);

/* keys ends with an entry without a name. */
void parse_object(const struct value *object, const struct key *keys, void *target);

/*
 * Calls parse for each element, with its index; returns how many there are, 0 where they are more
 * than max.
 */
size_t parse_list(const struct value *list, unsigned types, size_t max,
		  void (*parse)(const struct value *value));

/* False: reported, *ret untouched. Aligned: a multiple of 4096. */
bool parse_number(const struct value *value, uint64_t *ret);
bool parse_aligned(const struct value *value, uint64_t *ret);

/* The string that is the value, shortened for a message. */
#define PARSE_QUOTE_SIZE 64
const char *parse_quote(const struct value *value, char quote[PARSE_QUOTE_SIZE]);

/* [A-Za-z0-9][A-Za-z0-9._-]{0,30}, and not "root". */
bool parse_is_name(const char *name);

#endif
