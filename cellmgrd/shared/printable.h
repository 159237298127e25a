/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_PRINTABLE_H
#define CELLMGRD_PRINTABLE_H

#include <stddef.h>

#define PRINTABLE_MAX 4

/* Where a UTF-8 sequence is; all zero at first. */
struct printable {
	unsigned char lead;
	unsigned left;
};

/*
 * One byte of a guest as text that drives no terminal: UTF-8 and tabs pass, all other control
 * characters (those of U+0080 to U+009F too) and stray bytes become \xNN. Returns how many
 * characters.
 */
size_t printable(struct printable *state, unsigned char c, char ret[PRINTABLE_MAX]);

#endif
