// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/utf8.h"

#include "base/cleanup.h"

/* RFC 3629, section 3: the first byte's mark, how many bits are its own, and the least character.
 */
static const struct {
	unsigned char mask;
	unsigned char mark;
	uint32_t least;
} lengths[] = {
	{0x80, 0x00, 0},
	{0xe0, 0xc0, 0x80},
	{0xf0, 0xe0, 0x800},
	{0xf8, 0xf0, 0x10000},
};

size_t utf8_decode(const char *text, size_t size, uint32_t *ret)
{
	const unsigned char *bytes = (const unsigned char *)text;

	for (size_t i = 0; i < ELEMENTS(lengths) && i < size; i++) {
		uint32_t character = bytes[0] & (unsigned char)~lengths[i].mask;

		if ((bytes[0] & lengths[i].mask) != lengths[i].mark)
			continue;
		for (size_t j = 1; j <= i; j++) {
			if ((bytes[j] & 0xc0) != 0x80)
				return 0;
			character = character << 6 | (bytes[j] & 0x3f);
		}
		if (character < lengths[i].least || character > 0x10ffff ||
		    (character & 0xfffff800) == 0xd800)
			return 0;

		*ret = character;
		return i + 1;
	}
	return 0;
}

size_t utf8_encode(uint32_t character, char *text)
{
	size_t n = 1;

	while (n < ELEMENTS(lengths) && character >= lengths[n].least)
		n++;
	for (size_t i = n - 1; i > 0; i--) {
		text[i] = (char)(0x80 | (character & 0x3f));
		character >>= 6;
	}
	text[0] = (char)(lengths[n - 1].mark | character);
	return n;
}
