/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An allocator that fails when it is told to, in place of the C library's and json-c's: whoever
 * links it leads the calls here (meson.build).
 */
#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include <stdbool.h>

/* The n-th allocation from here on fails, counted from 0; all: those that follow as well. */
void failing_begin(long n, bool all);

/* None fails any more. Has one failed? */
bool failing_end(void);

#endif
