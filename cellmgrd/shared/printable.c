// SPDX-License-Identifier: LGPL-2.1-or-later
#include "printable.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* RFC 3629, section 3: the length of a sequence; 0 for what begins none. */
static unsigned length_of(unsigned char lead)
{
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Section 4; and C2 80 to C2 9F are control characters: CSI is one of them. */
static bool continues(const struct printable *state, unsigned char c)
{
	static const struct {
		unsigned char lead, first, last;
	} second[] = {
		{0xc2, 0xa0, 0xbf}, {0xe0, 0xa0, 0xbf}, {0xed, 0x80, 0x9f},
		{0xf0, 0x90, 0xbf}, {0xf4, 0x80, 0x8f},
	};

	if (state->n == 0 || c < 0x80 || c > 0xbf)
		return false;
	for (size_t i = 0; state->n == 1 && i < sizeof(second) / sizeof(second[0]); i++)
		if (second[i].lead == state->bytes[0])
			return c >= second[i].first && c <= second[i].last;

	return true;
}

static size_t escape(unsigned char c, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	ret[0] = '\\';
	ret[1] = 'x';
	ret[2] = digits[c >> 4];
	ret[3] = digits[c & 15];
	return 4;
}

size_t printable_end(struct printable *state, char ret[PRINTABLE_MAX])
{
	size_t n = 0;

	for (unsigned i = 0; i < state->n; i++)
		n += escape(state->bytes[i], ret + n);
	state->n = 0;
	return n;
}

static size_t begin(struct printable *state, unsigned char c, char *ret)
{
	if ((c >= 0x20 || c == '\t') && c < 0x7f) {
		*ret = (char)c;
		return 1;
	}
	if (length_of(c) == 0)
		return escape(c, ret);

	state->bytes[state->n++] = c;
	return 0;
}

size_t printable(struct printable *state, unsigned char c, char ret[PRINTABLE_MAX])
{
	size_t n;

	if (!continues(state, c)) {
		n = printable_end(state, ret);
		return n + begin(state, c, ret + n);
	}

	state->bytes[state->n++] = c;
	if (state->n < length_of(state->bytes[0]))
		return 0;

	n = state->n;
	memcpy(ret, state->bytes, n);
	state->n = 0;
	return n;
}

char *printable_copy(const char *text)
{
	struct printable state = {0};
	/* Four characters for a byte at most. */
	char *copy = malloc(4 * strlen(text) + 1), piece[PRINTABLE_MAX];
	size_t n, used = 0;

	if (!copy)
		return NULL;

	for (; *text; text++) {
		n = printable(&state, (unsigned char)*text, piece);
		memcpy(copy + used, piece, n);
		used += n;
	}
	n = printable_end(&state, piece);
	memcpy(copy + used, piece, n);
	copy[used + n] = '\0';
	return copy;
}
