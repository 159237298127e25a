// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lists of CPUs in arrays of just their size: what reads past one dies of the sanitizer. */
#include "cpulist.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static void check_list(const unsigned *cpus, size_t n, const char *expected)
{
	unsigned *exact = n > 0 ? malloc(n * sizeof(*exact)) : NULL;
	char *text;

	CHECK(exact || n == 0);
	if (n > 0)
		memcpy(exact, cpus, n * sizeof(*exact));
	text = cpulist_format(exact, n);
	CHECK_STR(text, expected);
	free(text);
	free(exact);
}

TEST(cpus_are_listed_as_the_kernel_does)
{
	check_list(NULL, 0, "");
	check_list((const unsigned[]){3}, 1, "3");
	check_list((const unsigned[]){2, 3}, 2, "2-3");
	check_list((const unsigned[]){0, 1, 2, 5}, 4, "0-2,5");
	check_list((const unsigned[]){1, 3, 4, 255}, 4, "1,3-4,255");
}
