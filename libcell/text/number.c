// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/number.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* strtoull takes blanks, signs and octal: none of them is a number here. */
static int digits(const char *text, const char **ret_end, uint64_t *ret)
{
	int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	const char *first = base == 16 ? text + 2 : text;
	unsigned long long value;
	char *end;

	if (base == 16 ? !isxdigit((unsigned char)*first) : !isdigit((unsigned char)*first))
		return -EINVAL;
	/* Nor is a second 0x, which strtoull takes in base 16. */
	if (base == 16 && first[0] == '0' && (first[1] == 'x' || first[1] == 'X'))
		return -EINVAL;

	errno = 0;
	value = strtoull(first, &end, base);
	if (errno == ERANGE)
		return -ERANGE;

	*ret_end = end;
	*ret = value;
	return 0;
}

int number_parse(const char *text, uint64_t *ret)
{
	static const char suffixes[] = "KMGT";
	uint64_t value, factor = 1;
	const char *end;
	int r;

	r = digits(text, &end, &value);
	if (r < 0)
		return r;

	if (*end) {
		const char *suffix = strchr(suffixes, *end);

		if (!suffix || end[1])
			return -EINVAL;

		factor = (uint64_t)1 << (10 * (suffix - suffixes + 1));
	}
	if (__builtin_mul_overflow(value, factor, &value))
		return -ERANGE;

	*ret = value;
	return 0;
}

int number_parse_duration(const char *text, uint32_t *ret_ms)
{
	static const struct {
		const char *suffix;
		uint32_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}};
	const char *end;
	uint64_t value;
	int r;

	if (strchr(text, 'x') || strchr(text, 'X'))
		return -EINVAL;

	r = digits(text, &end, &value);
	if (r < 0)
		return r;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].suffix) != 0)
			continue;
		if (value > UINT32_MAX / units[i].ms)
			return -ERANGE;

		*ret_ms = (uint32_t)value * units[i].ms;
		return 0;
	}
	return -EINVAL;
}

const char *number_format_size(uint64_t bytes, char text[32])
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
	size_t unit = 0;

	while (bytes && bytes % 1024 == 0 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, 32, "%" PRIu64 " %s", bytes, units[unit]);
	return text;
}
