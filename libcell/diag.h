/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_DIAG_H
#define LIBCELL_DIAG_H

#include "cell.h"

struct diag_list {
	struct cell_diag *items;
	size_t n;
	size_t n_errors;
};

/* Copies its strings but code, which is a literal. A list that cannot grow still counts errors. */
void diag_add(struct diag_list *list, const struct cell_diag *diag);
void diag_truncate(struct diag_list *list, size_t n);
const struct cell_diag *diag_first_error(const struct diag_list *list);

#endif
