/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_DIAG_H
#define CELLMGRD_DIAG_H

#include <stdio.h>

#include "cell.h"

/*
 * Writes all diagnostics as a compiler does, "file:line:column: error: message" and the line
 * itself with a caret. Returns the number of errors.
 */
unsigned diag_print(FILE *out, const cell_desc *desc);

#endif
