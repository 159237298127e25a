/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a cell is on the bus. */
#ifndef CELLMGRD_CELL_PATH_H
#define CELLMGRD_CELL_PATH_H

struct cell_object;

/* *ret is to be freed. */
int cell_path(const struct cell_object *cell, char **ret);

#endif
