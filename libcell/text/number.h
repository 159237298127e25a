/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_NUMBER_H
#define LIBCELL_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/*
 * "4096", "0x1000", "64M": decimal or 0x, then one of K M G T or nothing. -EINVAL: not of this
 * form. -ERANGE: 2^64 or more.
 */
int number_parse(const char *text, uint64_t *ret);

/* "500ms", "5s", "2min" to milliseconds. -EINVAL, -ERANGE: 2^32 or more. */
int number_parse_duration(const char *text, uint32_t *ret_ms);

/* "128 MiB", in the largest binary unit that divides it evenly. */
const char *number_format_size(uint64_t bytes, char text[32]);

#endif
