/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include <setjmp.h>
#include <stdarg.h>

static struct check_test *tests;
static const struct check_test *current;
static jmp_buf test_end;

/* Keeps the order of the source file: constructors of one file run in their order. */
void check_register(struct check_test *test)
{
	struct check_test **end = &tests;

	while (*end)
		end = &(*end)->next;
	*end = test;
}

void check_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	printf("not ok %s: %s:%d: ", current->name, file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	longjmp(test_end, 1);
}

static int selected(const char *name, int argc, char **argv)
{
	if (argc < 2)
		return 1;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return 1;
	return 0;
}

static int run(const struct check_test *test)
{
	current = test;
	if (setjmp(test_end))
		return 1;

	test->run();
	printf("ok %s\n", test->name);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (const struct check_test *test = tests; test; test = test->next) {
		if (argc == 2 && strcmp(argv[1], "--list") == 0)
			printf("%s\n", test->name);
		else if (selected(test->name, argc, argv))
			failed += run(test);
		fflush(stdout);
	}
	return failed != 0;
}
