// SPDX-License-Identifier: LGPL-2.1-or-later
#include "diag.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

void diag_add(struct diag_list *list, const struct cell_diag *diag)
{
	_cleanup_free_ char *file = strdup(diag->file), *pointer = strdup(diag->pointer),
			    *message = strdup(diag->message);
	struct cell_diag *items;

	if (diag->severity == CELL_ERROR)
		list->n_errors++;
	if (!file || !pointer || !message)
		return;

	items = reallocarray(list->items, list->n + 1, sizeof(*items));
	if (!items)
		return;

	list->items = items;
	items[list->n] = *diag;
	items[list->n].file = TAKE_PTR(file);
	items[list->n].pointer = TAKE_PTR(pointer);
	items[list->n].message = TAKE_PTR(message);
	list->n++;
}

void diag_truncate(struct diag_list *list, size_t n)
{
	while (list->n > n) {
		struct cell_diag *diag = &list->items[--list->n];

		if (diag->severity == CELL_ERROR)
			list->n_errors--;
		free((char *)diag->file);
		free((char *)diag->pointer);
		free((char *)diag->message);
	}
	if (n == 0) {
		free(list->items);
		*list = (struct diag_list){0};
	}
}

const struct cell_diag *diag_first_error(const struct diag_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].severity == CELL_ERROR)
			return &list->items[i];
	return NULL;
}
