/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON text to json-c objects, without what json-c lets pass: single quotes, NaN, control
 * characters, zero characters in keys, content after the end. Positions are found by walking the
 * text again.
 */
#ifndef LIBCELL_JSON_H
#define LIBCELL_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "text/walk.h"

struct json_position {
	unsigned line; /* from 1, as the column, which counts bytes */
	unsigned column;
};

/* text ends with a zero byte at text[size]. -EINVAL: not JSON, see *ret_error. -ENOMEM. */
int json_parse(const char *text, size_t size, struct json_object **ret,
	       struct walk_error *ret_error);

struct json_position json_position_of(const char *text, size_t offset);

/* Of the value with this JSON pointer, or of its key. False: there is none. */
bool json_locate(const char *text, const char *pointer, bool of_key, struct json_position *ret);

/* As people read it; NULL: memory ran out. */
char *json_to_text(struct json_object *object);

/* Calls found for each second member of the same name, with the offsets of both keys. */
typedef void (*json_duplicate_fn)(void *userdata, const char *pointer, size_t first, size_t second);
int json_find_duplicates(const char *text, json_duplicate_fn found, void *userdata);

#endif
