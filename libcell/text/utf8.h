/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_UTF8_H
#define LIBCELL_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4 /* bytes of a character */

/* Bytes of the first character of text, up to size; 0: it is none (RFC 3629). */
size_t utf8_decode(const char *text, size_t size, uint32_t *ret);

/* Writes up to UTF8_MAX bytes, returns how many. */
size_t utf8_encode(uint32_t character, char *text);

#endif
