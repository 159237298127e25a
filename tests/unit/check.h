/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unit tests: TEST(name) { ... CHECK(condition); } registers itself; main() in check.c runs all, or
 * those named on the command line, and prints "ok NAME" or "not ok NAME: why" for each. "--list"
 * prints the names. A failed check ends its test.
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <stdio.h>
#include <string.h>

struct check_test {
	const char *name;
	void (*run)(void);
	struct check_test *next;
};

void check_register(struct check_test *test);
_Noreturn void check_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define TEST(test_name)                                                               \
	static void test_##test_name(void);                                           \
	__attribute__((constructor)) static void register_##test_name(void)           \
	{                                                                             \
		static struct check_test test = {#test_name, test_##test_name, NULL}; \
		check_register(&test);                                                \
	}                                                                             \
	static void test_##test_name(void)

#define CHECK(condition)                                                  \
	do {                                                              \
		if (!(condition))                                         \
			check_fail(__FILE__, __LINE__, "%s", #condition); \
	} while (0)

#define CHECK_EQ(actual, expected)                                                               \
	do {                                                                                     \
		long long check_a = (long long)(actual), check_e = (long long)(expected);        \
		if (check_a != check_e)                                                          \
			check_fail(__FILE__, __LINE__, "%s is %lld (0x%llx), not %lld", #actual, \
				   check_a, check_a, check_e);                                   \
	} while (0)

#define CHECK_STR(actual, expected)                                                         \
	do {                                                                                \
		const char *check_a = (actual), *check_e = (expected);                      \
		if (!check_a || strcmp(check_a, check_e) != 0)                              \
			check_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #actual, \
				   check_a ? check_a : "(null)", check_e);                  \
	} while (0)

#endif
