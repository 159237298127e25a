/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_PRINTABLE_H
#define CELLMGRD_PRINTABLE_H

#include <stddef.h>

#define PRINTABLE_MAX 16

/* A UTF-8 sequence that is not complete yet; all zero at first. */
struct printable {
	unsigned char bytes[4];
	unsigned n;
};

/*
 * One byte of a guest as text that drives no terminal and is UTF-8: tabs and what is well-formed
 * pass, all other control characters (those of U+0080 to U+009F too) and stray bytes become \xNN.
 * Returns how many characters; none while a sequence is not complete.
 */
size_t printable(struct printable *state, unsigned char c, char ret[PRINTABLE_MAX]);

/* What is left of a sequence that will not be completed. */
size_t printable_end(struct printable *state, char ret[PRINTABLE_MAX]);

/* A whole text so, to be freed; NULL: out of memory. */
char *printable_copy(const char *text);

#endif
