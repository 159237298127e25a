/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All descriptions in the search path, read once for who has to look at them together. */
#ifndef LIBCELL_DESC_SET_H
#define LIBCELL_DESC_SET_H

#include "desc/desc.h"

struct desc_set {
	cell_desc **items; /* by name */
	size_t n;
};

/*
 * own: takes the place of the one of its name; NULL: there is none at hand. What cannot be read is
 * left out. -ENOMEM; otherwise desc_set_clear() ends it.
 */
int desc_set_read(cell_context *context, cell_desc *own, struct desc_set *ret);
void desc_set_clear(struct desc_set *set);

#endif
