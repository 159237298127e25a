/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Management puts the text over the image, which has zeros there: without a text it is empty.
 */
#include "runtime.h"

/* From the linker script. Volatile, as it is none of what the compiler sees written. */
extern const volatile char command_line[COMMAND_LINE_SIZE];

/* Longer than the name: what comes behind it, else NULL. */
static const char *behind(const volatile char *word, const char *name)
{
	while (*name && *word == *name) {
		word++;
		name++;
	}
	return !*name && *word == '=' ? (const char *)word + 1 : NULL;
}

const char *command_line_find(const char *name)
{
	bool at_word = true;

	/* Text without an end has run over the code as well. */
	if (command_line[COMMAND_LINE_SIZE - 1])
		return NULL;

	for (const volatile char *p = command_line; *p; p++) {
		const char *value = at_word ? behind(p, name) : NULL;

		if (value)
			return value;
		at_word = *p == ' ';
	}
	return NULL;
}

static unsigned int digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a' + 10) : UINT32_MAX;
}

const char *parse_number(const char *text, uint64_t *ret_value)
{
	bool is_hex = text[0] == '0' && (text[1] | 0x20) == 'x';
	unsigned int base = is_hex ? 16 : 10;
	uint64_t value = 0;

	if (is_hex)
		text += 2;
	if (digit(*text) >= base)
		return NULL;
	for (; digit(*text) < base; text++) {
		if (value >> 60)
			return NULL;
		value = value * base + digit(*text);
	}
	*ret_value = value;
	return text;
}

bool command_line_number(const char *name, uint64_t otherwise, uint64_t *ret_value)
{
	const char *text = command_line_find(name);

	if (!text) {
		*ret_value = otherwise;
		return true;
	}
	text = parse_number(text, ret_value);
	return text && (!*text || *text == ' ');
}
