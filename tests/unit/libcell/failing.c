// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failing.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

static long left = -1; /* allocations until one fails; -1: none does */
static bool all_others, has_failed;

void failing_begin(long n, bool all)
{
	left = n;
	all_others = all;
	has_failed = false;
}

bool failing_end(void)
{
	left = -1;
	all_others = false;
	return has_failed;
}

static bool fails(void)
{
	bool this_one = left == 0 || (has_failed && all_others);

	if (left >= 0)
		left--;
	if (!this_one)
		return false;

	has_failed = true;
	errno = ENOMEM;
	return true;
}

#define WRAP(type, failed, name, arguments, ...)                        \
	type __real_##name arguments;                                   \
	type __wrap_##name arguments;                                   \
	type __wrap_##name arguments                                    \
	{                                                               \
		return fails() ? (failed) : __real_##name(__VA_ARGS__); \
	}

WRAP(void *, NULL, malloc, (size_t size), size)
WRAP(void *, NULL, calloc, (size_t n, size_t size), n, size)
WRAP(void *, NULL, realloc, (void *old, size_t size), old, size)
WRAP(void *, NULL, reallocarray, (void *old, size_t n, size_t size), old, n, size)
WRAP(char *, NULL, strdup, (const char *text), text)
WRAP(char *, NULL, strndup, (const char *text, size_t size), text, size)
WRAP(char *, NULL, realpath, (const char *path, char *resolved), path, resolved)
WRAP(DIR *, NULL, opendir, (const char *path), path)
WRAP(FILE *, NULL, fopen64, (const char *path, const char *mode), path, mode)
WRAP(ssize_t, -1, __getdelim, (char **line, size_t *size, int end, FILE *file), line, size, end,
     file)
WRAP(ssize_t, -1, getline, (char **line, size_t *size, FILE *file), line, size, file)

int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));

int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list args;
	int r;

	if (fails())
		return -1;

	va_start(args, format);
	r = vasprintf(ret, format, args);
	va_end(args);
	return r;
}

/* What json-c allocates inside fails at its calls; a text is read in part. */
struct json_object *__real_json_tokener_parse_ex(struct json_tokener *tokener, const char *text,
						 int size);
struct json_object *__wrap_json_tokener_parse_ex(struct json_tokener *tokener, const char *text,
						 int size);

struct json_object *__wrap_json_tokener_parse_ex(struct json_tokener *tokener, const char *text,
						 int size)
{
	return __real_json_tokener_parse_ex(tokener, text, fails() ? size / 2 : size);
}

WRAP(struct json_tokener *, NULL, json_tokener_new_ex, (int depth), depth)
WRAP(struct json_object *, NULL, json_object_new_object, (void))
WRAP(struct json_object *, NULL, json_object_new_array, (void))
WRAP(struct json_object *, NULL, json_object_new_string, (const char *text), text)
WRAP(struct json_object *, NULL, json_object_new_int64, (int64_t number), number)
WRAP(struct json_object *, NULL, json_object_new_boolean, (json_bool value), value)
WRAP(int, -1, json_object_object_add,
     (struct json_object * object, const char *key, struct json_object *value), object, key, value)
WRAP(int, -1, json_object_array_add, (struct json_object * array, struct json_object *value), array,
     value)
WRAP(const char *, NULL, json_object_to_json_string_ext, (struct json_object * object, int flags),
     object, flags)
