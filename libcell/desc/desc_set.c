// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/desc_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_names(cell_context *context, char **names, cell_desc *own, struct desc_set *set)
{
	bool added = !own;

	for (char **name = names; *name; name++) {
		int order = own ? strcmp(*name, own->name) : -1;

		if (!added && order >= 0) {
			set->items[set->n++] = cell_desc_ref(own);
			added = true;
		}
		if (order != 0) {
			int r = cell_desc_find(context, *name, &set->items[set->n]);

			if (r == -ENOMEM)
				return r;
			set->n += r >= 0;
		}
	}
	if (!added)
		set->items[set->n++] = cell_desc_ref(own);
	return 0;
}

int desc_set_read(cell_context *context, cell_desc *own, struct desc_set *ret)
{
	struct desc_set set = {0};
	size_t n = 1;
	char **names;
	int r;

	r = cell_desc_list(context, &names);
	if (r < 0)
		return r;

	for (char **name = names; *name; name++)
		n++;
	set.items = calloc(n, sizeof(cell_desc *));
	r = set.items ? add_names(context, names, own, &set) : -ENOMEM;
	cell_strv_free(names);
	if (r < 0) {
		desc_set_clear(&set);
		return context_oom(context);
	}

	/* What could not be read has left its error. */
	context_begin(context);
	*ret = set;
	return 0;
}

void desc_set_clear(struct desc_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		cell_desc_unref(set->items[i]);
	free(set->items);
	*set = (struct desc_set){0};
}
