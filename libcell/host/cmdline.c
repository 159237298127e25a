// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/cmdline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text/number.h"

#define BLANKS " \t\n"
#define MEMMAP "memmap="
#define MARK "cellmgr.memory="

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

/* Calls fn for each of what commas separate in the words that begin with key, until it is not 0. */
static int each_item(const char *line, const char *key, int (*fn)(void *userdata, const char *item),
		     void *userdata)
{
	const char *word;
	size_t length;
	int r = 0;

	while (r == 0 && (word = cmdline_next(&line, &length), length)) {
		if (strncmp(word, key, strlen(key)) != 0)
			continue;

		for (const char *item = word + strlen(key); r == 0 && item < word + length;
		     item++) {
			size_t size = strcspn(item, "," BLANKS);
			char text[CMDLINE_ITEM_SIZE];

			if (size < sizeof(text)) {
				snprintf(text, sizeof(text), "%.*s", (int)size, item);
				r = fn(userdata, text);
			}
			item += size;
		}
	}
	return r;
}

static int compare_start(void *userdata, const char *item)
{
	uint64_t start;

	return number_parse(item, &start) == 0 && start == *(const uint64_t *)userdata;
}

struct each {
	const char *line;
	cmdline_reservation_fn fn;
	void *userdata;
};

static int read_reservation(void *userdata, const char *item)
{
	const struct each *each = userdata;
	const char *dollar = strchr(item, '$');
	struct cmdline_reservation reservation;

	if (!dollar)
		return 0;

	snprintf(reservation.text, sizeof(reservation.text), "%.*s", (int)(dollar - item), item);
	if (number_parse(reservation.text, &reservation.size) < 0 ||
	    number_parse(dollar + 1, &reservation.start) < 0 || !reservation.size)
		return 0;

	strcpy(reservation.text, item);
	reservation.for_cells = each_item(each->line, MARK, compare_start, &reservation.start);
	return each->fn(each->userdata, &reservation);
}

int cmdline_each_reservation(const char *line, cmdline_reservation_fn fn, void *userdata)
{
	struct each each = {line, fn, userdata};

	return each_item(line, MEMMAP, read_reservation, &each);
}

struct first {
	bool for_cells;
	struct cmdline_reservation *ret;
};

static int take_first(void *userdata, const struct cmdline_reservation *reservation)
{
	const struct first *first = userdata;

	if (reservation->for_cells != first->for_cells)
		return 0;

	*first->ret = *reservation;
	return 1;
}

bool cmdline_find_reservation(const char *line, bool for_cells, struct cmdline_reservation *ret)
{
	struct first first = {for_cells, ret};

	return cmdline_each_reservation(line, take_first, &first);
}

const char *cmdline_reserve(const char *reservation, uint64_t start,
			    char text[CMDLINE_RESERVE_SIZE])
{
	snprintf(text, CMDLINE_RESERVE_SIZE, MEMMAP "%s " MARK "0x%" PRIx64, reservation, start);
	return text;
}
