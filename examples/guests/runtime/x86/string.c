/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the compiler calls by itself, also in freestanding code (GCC manual, "Standards").
 */
#include <stddef.h>

void *memset(void *to, int value, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size);
int memcmp(const void *a, const void *b, size_t size);

void *memset(void *to, int value, size_t size)
{
	void *end = to;

	asm volatile("rep stosb" : "+D"(end), "+c"(size) : "a"(value) : "memory");
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *end = to;

	asm volatile("rep movsb" : "+D"(end), "+S"(from), "+c"(size) : : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a, *y = b;

	for (; size; size--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}
