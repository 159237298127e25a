/* SPDX-License-Identifier: GPL-2.0-only */

#include "core/string.h"

#include <stdbool.h>
#include <stdint.h>

#define MAX_DIGITS 20 /* of 2^64 in decimal */
#define MAX_WIDTH 256u

struct output {
	char *buffer;
	size_t size;
	size_t length; /* of all text, also of what does not fit */
};

struct conversion {
	bool left;
	bool zeros;
	bool longer; /* 64-bit argument */
	unsigned width;
};

static void put(struct output *output, char c)
{
	if (output->length < output->size)
		output->buffer[output->length] = c;
	output->length++;
}

static void put_padded(struct output *output, const struct conversion *conversion, const char *sign,
		       const char *text, size_t length)
{
	size_t used = strlen(sign) + length;
	size_t pad = conversion->width > used ? conversion->width - used : 0;

	if (!conversion->left && !conversion->zeros)
		for (; pad; pad--)
			put(output, ' ');
	while (*sign)
		put(output, *sign++);
	if (!conversion->left)
		for (; pad; pad--)
			put(output, '0');
	while (length--)
		put(output, *text++);
	for (; pad; pad--)
		put(output, ' ');
}

static void put_number(struct output *output, const struct conversion *conversion, const char *sign,
		       uint64_t value, unsigned base)
{
	char digits[MAX_DIGITS];
	size_t first = MAX_DIGITS;

	do {
		digits[--first] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	put_padded(output, conversion, sign, digits + first, MAX_DIGITS - first);
}

/* Takes flags, width and length of a conversion; returns its letter's place. */
static const char *parse(const char *format, struct conversion *conversion)
{
	for (; *format == '0' || *format == '-'; format++) {
		conversion->zeros |= *format == '0';
		conversion->left |= *format == '-';
	}
	for (; *format >= '0' && *format <= '9'; format++)
		if (conversion->width < MAX_WIDTH)
			conversion->width = conversion->width * 10 + (unsigned)(*format - '0');
	for (; *format == 'l' || *format == 'z'; format++)
		conversion->longer = true;
	return format;
}

static void put_text(struct output *output, struct conversion *conversion, const char *text,
		     size_t length)
{
	conversion->zeros = false;
	put_padded(output, conversion, "", text, length);
}

/* A va_list in a structure can be handed on by address. */
struct arguments {
	va_list list;
};

static void put_signed(struct output *output, const struct conversion *conversion,
		       struct arguments *arguments)
{
	long value =
		conversion->longer ? va_arg(arguments->list, long) : va_arg(arguments->list, int);
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

	put_number(output, conversion, value < 0 ? "-" : "", magnitude, 10);
}

static void put_unsigned(struct output *output, const struct conversion *conversion,
			 struct arguments *arguments, unsigned base)
{
	uint64_t value = conversion->longer ? va_arg(arguments->list, unsigned long)
					    : va_arg(arguments->list, unsigned);

	put_number(output, conversion, "", value, base);
}

/* Returns false where the letter is none that takes an argument. */
static bool convert(struct output *output, struct conversion *conversion, char letter,
		    struct arguments *arguments)
{
	const char *text;
	char c;

	switch (letter) {
	case 'c':
		c = (char)va_arg(arguments->list, int);
		put_text(output, conversion, &c, 1);
		return true;
	case 's':
		text = va_arg(arguments->list, const char *);
		put_text(output, conversion, text ? text : "(null)",
			 strlen(text ? text : "(null)"));
		return true;
	case 'd':
		put_signed(output, conversion, arguments);
		return true;
	case 'u':
		put_unsigned(output, conversion, arguments, 10);
		return true;
	case 'x':
		put_unsigned(output, conversion, arguments, 16);
		return true;
	case 'p':
		put_number(output, conversion, "0x", (uintptr_t)va_arg(arguments->list, void *),
			   16);
		return true;
	default:
		return false;
	}
}

size_t string_vformat(char *buffer, size_t size, const char *format, va_list list)
{
	struct output output = {.buffer = buffer, .size = size};
	struct arguments arguments;

	va_copy(arguments.list, list);
	while (*format) {
		struct conversion conversion = {0};
		const char *letter;

		if (*format != '%') {
			put(&output, *format++);
			continue;
		}
		letter = parse(format + 1, &conversion);
		if (convert(&output, &conversion, *letter, &arguments)) {
			format = letter + 1;
			continue;
		}
		/* Not ours, as it stands; of %% only one. */
		put(&output, '%');
		format += format[1] == '%' ? 2 : 1;
	}
	va_end(arguments.list);
	if (size)
		buffer[output.length < size ? output.length : size - 1] = 0;
	return output.length;
}

size_t string_format(char *buffer, size_t size, const char *format, ...)
{
	va_list list;
	size_t length;

	va_start(list, format);
	length = string_vformat(buffer, size, format, list);
	va_end(list);
	return length;
}
