/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The preflight's checks as a table, and how it is shown. */
#ifndef CELLMGRD_CHECKS_H
#define CELLMGRD_CHECKS_H

#include "cell.h"
#include "table.h"

/* One row: result, name, finding, remedy. */
enum checks_column { CHECKS_RESULT, CHECKS_NAME, CHECKS_FINDING, CHECKS_REMEDY, CHECKS_N_COLUMNS };
#define CHECKS_FAILED "failed"

/* The number of failed ones, or a negative errno. table_release() ends the table. */
int checks_run(cell_host *host, struct table *ret);

void checks_print_row(char *const *row);

#endif
