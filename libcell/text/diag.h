/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_DIAG_H
#define LIBCELL_DIAG_H

#include "cell.h"

#define DIAG_ERRORS_MAX 100

struct diag_list {
	struct cell_diag *items;
	size_t n;
	size_t n_errors; /* kept ones, and those that were too many */
	size_t mark_n;	 /* n and n_errors when diag_mark() was called */
	size_t mark_errors;
	bool is_incomplete; /* memory did not suffice for one */
};

/*
 * Copies its strings but code, which is a literal; control characters in them become \u and their
 * number, so that whoever shows them cannot be tricked. Errors beyond DIAG_ERRORS_MAX are only
 * counted; where memory does not suffice for one the list is incomplete, and nothing to go by.
 */
void diag_add(struct diag_list *list, const struct cell_diag *diag);

/*
 * Puts what came after the last mark into the order of the text, each with the notes that follow
 * it, and sets the mark behind it if `keep`: diag_rewind() drops everything behind the mark.
 */
void diag_finish(struct diag_list *list, bool keep);
void diag_rewind(struct diag_list *list);
void diag_clear(struct diag_list *list);

const struct cell_diag *diag_first_error(const struct diag_list *list);

/* Is there an error at this very pointer? */
bool diag_has_error_at(const struct diag_list *list, const char *pointer);

#endif
