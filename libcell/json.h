/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON text to json-c objects, without what json-c lets pass: duplicate keys, content after the
 * end, text that is not UTF-8. Positions are found by walking the text again.
 */
#ifndef LIBCELL_JSON_H
#define LIBCELL_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#define JSON_DEPTH_MAX 16
#define JSON_POINTER_MAX 512

struct json_position {
	unsigned line; /* from 1, as the column, which counts bytes */
	unsigned column;
};

/* -EINVAL with *ret_offset and *ret_message (a literal). */
int json_parse(const char *text, size_t size, struct json_object **ret, size_t *ret_offset,
	       const char **ret_message);

struct json_position json_position_of(const char *text, size_t offset);

/* Of the value with this JSON pointer, or of its key. False: there is none. */
bool json_locate(const char *text, const char *pointer, bool of_key, struct json_position *ret);

/* Calls found for each second member of the same name; offset is that of its key. */
typedef void (*json_duplicate_fn)(void *userdata, const char *pointer, size_t offset);
int json_find_duplicates(const char *text, json_duplicate_fn found, void *userdata);

/* Appends "/" and the name, escaped as RFC 6901 says; cuts what does not fit. */
void json_pointer_append(char pointer[JSON_POINTER_MAX], const char *name);

#endif
