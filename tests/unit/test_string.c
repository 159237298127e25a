/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "core/string.h"

static void fill(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)rand();
}

/* Every distance, alignment and length against the C library. */
TEST(moves_of_all_kinds)
{
	uint8_t ours[96], theirs[96];

	for (unsigned i = 0; i < 40 * 40 * 40; i++) {
		unsigned to = i % 40, from = i / 40 % 40, size = i / 1600;

		fill(ours, sizeof(ours));
		memcpy(theirs, ours, sizeof(ours));
		CHECK(string_memmove(ours + to, ours + from, size) == ours + to);
		memmove(theirs + to, theirs + from, size);
		CHECK(memcmp(ours, theirs, sizeof(ours)) == 0);
	}
}

TEST(copies_and_fills)
{
	uint8_t ours[64], theirs[64], source[64];

	for (unsigned i = 0; i < 16 * 40; i++) {
		unsigned at = i % 16, size = i / 16;

		fill(source, sizeof(source));
		fill(ours, sizeof(ours));
		memcpy(theirs, ours, sizeof(ours));
		CHECK(string_memcpy(ours + at, source + 3, size) == ours + at);
		memcpy(theirs + at, source + 3, size);
		CHECK(memcmp(ours, theirs, sizeof(ours)) == 0);
		CHECK(string_memset(ours + at, (int)(i * 7 + 0x100), size) == ours + at);
		memset(theirs + at, (int)(i * 7 + 0x100), size);
		CHECK(memcmp(ours, theirs, sizeof(ours)) == 0);
	}
}

TEST(comparisons)
{
	CHECK_EQ(string_memcmp("abc", "abd", 2), 0);
	CHECK(string_memcmp("abc", "abd", 3) < 0);
	CHECK(string_memcmp("\xff", "\x01", 1) > 0);
	CHECK_EQ(string_memcmp("a", "b", 0), 0);
	CHECK_EQ(string_strlen(""), 0);
	CHECK_EQ(string_strlen("four"), 4);
}

/* The same text and length as the C library's, whatever the size of the buffer. */
#define CHECK_FORMAT(...)                                                       \
	do {                                                                    \
		for (size_t size = 0; size < 80; size++) {                      \
			char ours[80], theirs[80];                              \
			memset(ours, 0x5a, sizeof(ours));                       \
			memset(theirs, 0x5a, sizeof(theirs));                   \
			size_t length = string_format(ours, size, __VA_ARGS__); \
			CHECK_EQ(snprintf(theirs, size, __VA_ARGS__), length);  \
			CHECK(!size || strcmp(ours, theirs) == 0);              \
			for (size_t i = size; i < sizeof(ours); i++)            \
				CHECK_EQ(ours[i], 0x5a);                        \
		}                                                               \
	} while (0)

TEST(formats_as_the_c_library)
{
	CHECK_FORMAT("nothing");
	CHECK_FORMAT("%s and %c, 100%%", "text", 'x');
	CHECK_FORMAT("[%10s] [%-10s] [%2s]", "right", "left", "wide");
	CHECK_FORMAT("[%3c] [%-3c]", 'a', 'b');
	CHECK_FORMAT("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
	CHECK_FORMAT("[%6d] [%-6d] [%06d] [%6d]", -42, -42, -42, 42);
	CHECK_FORMAT("%ld %lld %ld", LONG_MIN, LLONG_MAX, -5l);
	CHECK_FORMAT("[%9u] [%-9u] [%09u] [%19u]", 7u, 7u, 7u, 7u);
	CHECK_FORMAT("%u %u %lu %llu", 0u, UINT_MAX, ULONG_MAX, 1234567890123ull);
	CHECK_FORMAT("%x %08x %016lx %llx %4x", 0xbeefu, 0xbeefu, 0xfee00000ul, ULLONG_MAX, 0u);
	CHECK_FORMAT("%zu %zx", (size_t)4096, (size_t)4096);
	CHECK_FORMAT("%p", (void *)0xffff800000001000);
}

/* The compiler would warn about these formats. */
static size_t format_unchecked(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	size_t length;

	va_start(args, format);
	length = string_vformat(buffer, size, format, args);
	va_end(args);
	return length;
}

TEST(what_it_does_not_know_stays)
{
	char buffer[32];

	CHECK_EQ(format_unchecked(buffer, sizeof(buffer), "%q 50% %"), 8);
	CHECK_STR(buffer, "%q 50% %");
	CHECK_EQ(format_unchecked(buffer, sizeof(buffer), "%s", (const char *)NULL), 6);
	CHECK_STR(buffer, "(null)");
}
