/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_CELL_BUS_H
#define CELLMGRD_CELL_BUS_H

#include <json-c/json.h>

struct manager;
struct cell_object;

/* Registers the objects below /org/cellmgr1/cell. */
int cell_bus_register(struct manager *manager);

/* What Describe() tells, as a JSON object that the caller puts. NULL: out of memory. */
json_object *cell_bus_describe(const struct cell_object *cell);

#endif
