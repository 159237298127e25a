// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/diag.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "text/utf8.h"

static bool is_control(uint32_t character)
{
	return character < ' ' || (character >= 0x7f && character < 0xa0);
}

/* A copy, in which control characters and bytes that are not UTF-8 are written out. */
static char *copy_harmless(const char *text)
{
	size_t left = strlen(text), used = 0;
	char *copy = malloc(left * strlen("\\u001b") + 1);

	for (; copy && left; used += strlen(copy + used)) {
		uint32_t character = (unsigned char)*text;
		size_t n = utf8_decode(text, left, &character);

		if (n && !is_control(character)) {
			memcpy(copy + used, text, n);
			copy[used + n] = '\0';
		} else {
			snprintf(copy + used, 7, "\\u%04" PRIx32, character & 0xffff);
		}
		text += n ?: 1;
		left -= n ?: 1;
	}
	if (copy)
		copy[used] = '\0';
	return copy;
}

static void add(struct diag_list *list, const struct cell_diag *diag)
{
	_cleanup_free_ char *file = copy_harmless(diag->file),
			    *pointer = copy_harmless(diag->pointer),
			    *message = copy_harmless(diag->message);
	struct cell_diag *items;

	items = file && pointer && message ? reallocarray(list->items, list->n + 1, sizeof(*items))
					   : NULL;
	if (!items) {
		list->is_incomplete = true;
		return;
	}
	list->items = items;
	items[list->n] = *diag;
	items[list->n].file = TAKE_PTR(file);
	items[list->n].pointer = TAKE_PTR(pointer);
	items[list->n].message = TAKE_PTR(message);
	list->n++;
}

void diag_add(struct diag_list *list, const struct cell_diag *diag)
{
	if (diag->severity == CELL_ERROR)
		list->n_errors++;
	if (list->n_errors <= DIAG_ERRORS_MAX)
		add(list, diag);
	else if (diag->severity == CELL_ERROR && list->n_errors == DIAG_ERRORS_MAX + 1)
		add(list, &(struct cell_diag){
				  .severity = CELL_NOTE,
				  .code = "too-many-errors",
				  .file = diag->file,
				  .pointer = "",
				  .message = "there are more errors than these",
			  });
}

static void truncate_to(struct diag_list *list, size_t n)
{
	while (list->n > n) {
		struct cell_diag *diag = &list->items[--list->n];

		free((char *)diag->file);
		free((char *)diag->pointer);
		free((char *)diag->message);
	}
}

void diag_rewind(struct diag_list *list)
{
	truncate_to(list, list->mark_n);
	list->n_errors = list->mark_errors;
	list->is_incomplete = false;
}

void diag_clear(struct diag_list *list)
{
	truncate_to(list, 0);
	free(list->items);
	*list = (struct diag_list){0};
}

static bool is_before(const struct cell_diag *a, const struct cell_diag *b)
{
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* Where the group that begins at i ends: before the next one that is no note. */
static size_t group_end(const struct diag_list *list, size_t i)
{
	do
		i++;
	while (i < list->n && list->items[i].severity == CELL_NOTE);
	return i;
}

/* By insertion: the lists are short, and equals keep their order. */
static void sort_from(struct diag_list *list, size_t from)
{
	for (size_t end, start = from; start < list->n; start = end) {
		struct cell_diag *items = list->items;
		size_t to = from;

		end = group_end(list, start);
		while (to < start && !is_before(&items[start], &items[to]))
			to = group_end(list, to);
		for (size_t i = start; i < end; i++, to++) {
			struct cell_diag moved = items[i];

			memmove(&items[to + 1], &items[to], (i - to) * sizeof(*items));
			items[to] = moved;
		}
	}
}

void diag_finish(struct diag_list *list, bool keep)
{
	sort_from(list, list->mark_n);
	if (!keep)
		return;

	list->mark_n = list->n;
	list->mark_errors = list->n_errors;
}

const struct cell_diag *diag_first_error(const struct diag_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].severity == CELL_ERROR)
			return &list->items[i];
	return NULL;
}

bool diag_has_error_at(const struct diag_list *list, const char *pointer)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].severity == CELL_ERROR &&
		    strcmp(list->items[i].pointer, pointer) == 0)
			return true;
	return false;
}
