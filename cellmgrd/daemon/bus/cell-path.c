// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "cell-path.h"

#include "service.h"

int cell_path(const struct cell_object *cell, char **ret)
{
	return sd_bus_path_encode(CELL_PATH_PREFIX, cell->facts.name, ret);
}
