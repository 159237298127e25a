/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the hostile root share. */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A random number; one of those at which something ends, or a random one. */
uint64_t scatter(void);
uint64_t boundary(void);

/* Counts and tells a wrong answer; the exit status for them all. */
void wrong(const char *name, const char *what, long value);
int verdict(const char *what);

/* At the device node of a link of version 2, which is as before in the end. */
int hostile_link(const char *path, unsigned long rounds);

#endif
