/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parsers of a description's keys share. */
#ifndef LIBCELL_PARSE_H
#define LIBCELL_PARSE_H

#include <json-c/json.h>

#include "desc.h"

#define PARSE_BOOL (1u << json_type_boolean)
#define PARSE_INTEGER (1u << json_type_int)
#define PARSE_STRING (1u << json_type_string)
#define PARSE_ARRAY (1u << json_type_array)
#define PARSE_OBJECT (1u << json_type_object)
#define PARSE_NUMBER (PARSE_INTEGER | PARSE_STRING) /* 4096, "0x1000", "4K" */

struct value {
	cell_desc *desc;
	const char *pointer;
	struct json_object *json;
	void *target; /* the structure the enclosing object fills */
};

struct key {
	const char *name;
	unsigned types;
	bool required;
	void (*parse)(const struct value *value);
};

#define parse_error(value, code, ...) \
	desc_report((value)->desc, CELL_ERROR, code, (value)->pointer, __VA_ARGS__)

/* Fills desc from desc->text; problems become diagnostics. -ENOMEM. */
int parse_desc(cell_desc *desc);

/* keys ends with an entry without a name. */
void parse_object(const struct value *object, const struct key *keys, void *target);

/* Calls parse for each element of a list, which may have up to max. */
void parse_list(const struct value *list, unsigned types, size_t max,
		void (*parse)(const struct value *value));

/* False: reported, *ret untouched. Aligned: a multiple of 4096. */
bool parse_number(const struct value *value, uint64_t *ret);
bool parse_aligned(const struct value *value, uint64_t *ret);

/* [A-Za-z0-9][A-Za-z0-9._-]{0,30} */
bool parse_is_name(const char *name);

#endif
