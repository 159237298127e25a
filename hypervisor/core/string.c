/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/string.h"

#include <stdbool.h>
#include <stdint.h>

/* Or the compiler makes of the loop in memset() a call of memset(). */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#define WORD sizeof(uint64_t)

/* May stand for any other type, and anywhere. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word;

void *STRING_NAME(memset)(void *destination, int value, size_t size)
{
	const word pattern = 0x0101010101010101ull * (uint8_t)value;
	uint8_t *to = destination;

	for (; size >= WORD; size -= WORD, to += WORD)
		*(word *)to = pattern;
	while (size--)
		*to++ = (uint8_t)value;
	return destination;
}

static void copy_up(uint8_t *to, const uint8_t *from, size_t size)
{
	for (; size >= WORD; size -= WORD, to += WORD, from += WORD)
		*(word *)to = *(const word *)from;
	while (size--)
		*to++ = *from++;
}

static void copy_down(uint8_t *to, const uint8_t *from, size_t size)
{
	for (; size >= WORD; size -= WORD)
		*(word *)(to + size - WORD) = *(const word *)(from + size - WORD);
	while (size--)
		to[size] = from[size];
}

void *STRING_NAME(memcpy)(void *restrict destination, const void *restrict source, size_t size)
{
	copy_up(destination, source, size);
	return destination;
}

void *STRING_NAME(memmove)(void *destination, const void *source, size_t size)
{
	if ((uintptr_t)destination <= (uintptr_t)source)
		copy_up(destination, source, size);
	else
		copy_down(destination, source, size);
	return destination;
}

int STRING_NAME(memcmp)(const void *left, const void *right, size_t size)
{
	const uint8_t *l = left, *r = right;

	for (size_t i = 0; i < size; i++)
		if (l[i] != r[i])
			return l[i] - r[i];
	return 0;
}

size_t STRING_NAME(strlen)(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}
