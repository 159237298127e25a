/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_CELL_BUS_H
#define CELLMGRD_CELL_BUS_H

#include <json-c/json.h>

struct service;
struct cell_object;

/* Registers the objects below /org/cellmgr1/cell. */
int cell_bus_register(struct service *service);

/* Signals: it has come, it goes, some of its facts have changed. */
void cell_bus_added(struct service *service, const struct cell_object *cell);
void cell_bus_removed(struct service *service, const struct cell_object *cell);
void cell_bus_changed(struct service *service, const struct cell_object *cell, unsigned facts);

/* What Describe() tells, as a JSON object that the caller puts. NULL: out of memory. */
json_object *cell_bus_describe(const struct cell_object *cell);

#endif
