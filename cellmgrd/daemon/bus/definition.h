/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NAME.json in /etc/cells; in a worker process. */
#ifndef CELLMGRD_DEFINITION_H
#define CELLMGRD_DEFINITION_H

#include <stdbool.h>
#include <stdio.h>

#include "cell.h"

/*
 * Writes what fd holds, once it parses without an error and names the cell. CellExists where the
 * file is there and `replace` is not set, InvalidConfiguration.
 */
int definition_write(cell_context *context, const char *name, int fd, bool replace, FILE *result);

/* NoSuchCell where the description is not ours but in another directory. */
int definition_remove(cell_context *context, const char *name, FILE *result);

#endif
