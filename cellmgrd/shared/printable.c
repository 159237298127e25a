// SPDX-License-Identifier: LGPL-2.1-or-later
#include "printable.h"

#include <stdbool.h>

/* RFC 3629, section 3: how many bytes follow; 0 for what begins no sequence. */
static unsigned n_following(unsigned char lead)
{
	if (lead >= 0xc2 && lead <= 0xdf)
		return 1;
	if (lead >= 0xe0 && lead <= 0xef)
		return 2;
	return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
}

static bool passes(struct printable *state, unsigned char c)
{
	if (c < 0x80) {
		state->left = 0;
		return (c >= 0x20 || c == '\t') && c != 0x7f;
	}
	if (c >= 0xc0) {
		state->lead = c;
		state->left = n_following(c);
		return state->left > 0;
	}
	/* C2 80 to C2 9F are control characters as well: CSI is one of them. */
	if (state->left == 0 || (state->lead == 0xc2 && c < 0xa0))
		return false;

	state->left--;
	return true;
}

size_t printable(struct printable *state, unsigned char c, char ret[PRINTABLE_MAX])
{
	static const char digits[] = "0123456789abcdef";

	if (passes(state, c)) {
		ret[0] = (char)c;
		return 1;
	}

	ret[0] = '\\';
	ret[1] = 'x';
	ret[2] = digits[c >> 4];
	ret[3] = digits[c & 15];
	return PRINTABLE_MAX;
}
