/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include "runtime.h"

#define DIGITS_MAX 20 /* of 2^64 - 1 in decimal */

/* What stands between % and the conversion. */
struct conversion {
	unsigned int width;
	char pad;
	unsigned int longs;
};

struct arguments {
	va_list list;
};

static bool printk_busy;

/* Interrupts are off here, so that the holder always gets on. */
static void printk_lock(void)
{
	while (__atomic_test_and_set(&printk_busy, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static void printk_unlock(void)
{
	__atomic_clear(&printk_busy, __ATOMIC_RELEASE);
}

static void put_padded(const char *text, unsigned int length, const struct conversion *conversion)
{
	for (unsigned int n = length; n < conversion->width; n++)
		console_putc(conversion->pad);
	while (length--)
		console_putc(*text++);
}

static void put_string(const char *text, const struct conversion *conversion)
{
	unsigned int length = 0;

	while (text[length])
		length++;
	put_padded(text, length, conversion);
}

static void put_number(uint64_t value, uint32_t base, const struct conversion *conversion)
{
	char digits[DIGITS_MAX];
	unsigned int first = DIGITS_MAX;
	uint32_t digit;

	do {
		value = divide(value, base, &digit);
		digits[--first] = "0123456789abcdef"[digit];
	} while (value);
	put_padded(digits + first, DIGITS_MAX - first, conversion);
}

static uint64_t next_unsigned(struct arguments *arguments, unsigned int longs)
{
	if (longs == 0)
		return va_arg(arguments->list, unsigned int);
	if (longs == 1)
		return va_arg(arguments->list, unsigned long);
	return va_arg(arguments->list, unsigned long long);
}

static int64_t next_signed(struct arguments *arguments, unsigned int longs)
{
	if (longs == 0)
		return va_arg(arguments->list, int);
	if (longs == 1)
		return va_arg(arguments->list, long);
	return va_arg(arguments->list, long long);
}

/* The sign goes before the padding: what is negative is rarely in a column. */
static void put_signed(int64_t value, const struct conversion *conversion)
{
	if (value < 0)
		console_putc('-');
	put_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10, conversion);
}

static void put_argument(char type, const struct conversion *conversion,
			 struct arguments *arguments)
{
	switch (type) {
	case 'c':
		console_putc((char)va_arg(arguments->list, int));
		break;
	case 's':
		put_string(va_arg(arguments->list, const char *), conversion);
		break;
	case 'd':
		put_signed(next_signed(arguments, conversion->longs), conversion);
		break;
	case 'u':
		put_number(next_unsigned(arguments, conversion->longs), 10, conversion);
		break;
	case 'x':
		put_number(next_unsigned(arguments, conversion->longs), 16, conversion);
		break;
	case 'p':
		put_number((uintptr_t)va_arg(arguments->list, void *), 16, conversion);
		break;
	default:
		console_putc(type);
	}
}

/* Returns where the conversion's letter stands. */
static const char *parse_conversion(const char *format, struct conversion *conversion)
{
	*conversion = (struct conversion){.pad = ' '};
	if (*format == '0')
		conversion->pad = *format++;
	while (*format >= '0' && *format <= '9')
		conversion->width = conversion->width * 10 + (unsigned int)(*format++ - '0');
	while (*format == 'l') {
		conversion->longs++;
		format++;
	}
	return format;
}

void printk(const char *format, ...)
{
	struct arguments arguments;
	struct conversion conversion;

	va_start(arguments.list, format);
	printk_lock();
	for (; *format; format++) {
		if (*format != '%') {
			console_putc(*format);
			continue;
		}
		format = parse_conversion(format + 1, &conversion);
		if (!*format)
			break;
		put_argument(*format, &conversion, &arguments);
	}
	printk_unlock();
	va_end(arguments.list);
}
