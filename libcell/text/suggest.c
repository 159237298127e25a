// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/suggest.h"

#include <ctype.h>
#include <string.h>

#define LENGTH_MAX 31

/* Capitals and underscores are how other formats write the same. */
static char fold(char c)
{
	return c == '_' ? '-' : (char)tolower((unsigned char)c);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters added, left out, wrong, or two exchanged (optimal string alignment). */
static unsigned count_edits(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][LENGTH_MAX + 1];

	for (unsigned j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a_length; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *top = rows[(i + 1) % 3];

		row[0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			char x = fold(a[i - 1]), y = fold(b[j - 1]);

			row[j] =
				least(above[j - 1] + (x != y), least(above[j] + 1, row[j - 1] + 1));
			if (i > 1 && j > 1 && x == fold(b[j - 2]) && fold(a[i - 2]) == y)
				row[j] = least(row[j], top[j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

/* What people write who have it from elsewhere. */
static bool is_alias(const char *name, const char *real)
{
	static const char *const aliases[][2] = {
		{"comment", "description"}, {"cmdline", "command-line"},
		{"path", "file"},	    {"addr", "at"},
		{"address", "at"},	    {"guest", "at"},
		{"physical", "phys"},	    {"flags", "access"},
		{"cores", "cpus"},	    {"reset-address", "entry"},
		{"port", "uart"},
	};

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i][0], name) == 0 && strcmp(aliases[i][1], real) == 0)
			return true;
	return false;
}

static bool begins_with(const char *text, size_t length, const char *prefix, size_t prefix_length)
{
	return prefix_length >= 3 && length > prefix_length &&
	       strncmp(text, prefix, prefix_length) == 0;
}

bool suggest_closer(const char *name, const char *real, unsigned *distance)
{
	size_t length = strlen(name), real_length = strlen(real);
	unsigned edits;

	if (length > LENGTH_MAX || real_length > LENGTH_MAX)
		return false;

	edits = is_alias(name, real) ? 0 : count_edits(name, length, real, real_length);
	if (edits > (real_length < 6 ? 1 : real_length / 3) &&
	    !begins_with(name, length, real, real_length) &&
	    !begins_with(real, real_length, name, length))
		return false;
	if (edits >= *distance)
		return false;

	*distance = edits;
	return true;
}
