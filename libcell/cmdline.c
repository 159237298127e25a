// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cmdline.h"

#include <string.h>

#define BLANKS " \t\n"
#define MEMMAP "memmap="

const char *cmdline_next(const char **line, size_t *ret_length)
{
	const char *word = *line + strspn(*line, BLANKS);

	*ret_length = strcspn(word, BLANKS);
	*line = word + *ret_length;
	return word;
}

bool cmdline_has(const char *line, const char *word)
{
	const char *found;
	size_t length;

	while ((found = cmdline_next(&line, &length), length))
		if (length == strlen(word) && memcmp(found, word, length) == 0)
			return true;
	return false;
}

bool cmdline_is_reservation(const char *word, size_t length)
{
	return strncmp(word, MEMMAP, strlen(MEMMAP)) == 0 && memchr(word, '$', length);
}

bool cmdline_has_reservation(const char *line)
{
	const char *word;
	size_t length;

	while ((word = cmdline_next(&line, &length), length))
		if (cmdline_is_reservation(word, length))
			return true;
	return false;
}
