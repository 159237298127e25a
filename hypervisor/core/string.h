/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory and text. The hypervisor has the C library's names, which the compiler calls by itself
 * too; a host build has them under STRING_NAME(), beside those of its own library.
 */
#ifndef CORE_STRING_H
#define CORE_STRING_H

#include <stdarg.h>
#include <stddef.h>

#if __STDC_HOSTED__
#include <string.h>
#define STRING_NAME(name) string_##name
#else
#define STRING_NAME(name) name
#endif

void *STRING_NAME(memset)(void *destination, int value, size_t size);
void *STRING_NAME(memcpy)(void *restrict destination, const void *restrict source, size_t size);
void *STRING_NAME(memmove)(void *destination, const void *source, size_t size);
int STRING_NAME(memcmp)(const void *left, const void *right, size_t size);
size_t STRING_NAME(strlen)(const char *text);

/*
 * A subset of vsnprintf(): %c %s %d %u %x %p %%, with flags 0 and -, a width, and l, ll or z before
 * d, u, x. Other conversions are copied as they stand. Ends with a zero where size is not 0;
 * returns the length that the whole text has or would have. (string_format.c)
 */
size_t string_vformat(char *buffer, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));
size_t string_format(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
