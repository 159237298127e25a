/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_DIAG_H
#define CELLMGRD_DIAG_H

#include <stdio.h>

#include "cell.h"

/* "error" "warning" "note" */
const char *diag_severity(const struct cell_diag *diag);

/* NULL: there is none. */
const struct cell_diag *diag_first_error(const cell_desc *desc);

/*
 * Writes all diagnostics as a compiler does, "file:line:column: error: message" and the line
 * itself with a caret.
 */
void diag_print(FILE *out, const cell_desc *desc);
void diag_print_host(FILE *out, const cell_host *host);

#endif
