/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_CELL_OBJECT_H
#define CELLMGRD_CELL_OBJECT_H

#include <stdint.h>

#include "facts.h"

#define CELL_PATH_PREFIX "/org/cellmgr1/cell"
#define CELL_INTERFACE "org.cellmgr1.Cell"

struct manager;

struct cell_object {
	struct cell_object *next;
	struct manager *manager;
	char *path;
	char *unit;
	struct facts facts;
	uint64_t changed_realtime; /* us; when this daemon saw the state change */
	uint64_t changed_monotonic;
};

/* Takes over the contents of *facts. */
int cell_object_new(struct manager *manager, struct facts *facts, struct cell_object **ret);
struct cell_object *cell_object_free(struct cell_object *cell);

/* Takes over the contents of *facts and emits PropertiesChanged for what differs. */
void cell_object_update(struct cell_object *cell, struct facts *facts);

/* Sum over its CPUs, or one of them (cpu >= 0). -ENOENT: the cell does not exist in the kernel. */
int cell_object_stats(struct cell_object *cell, int cpu, struct cell_stat *ret, size_t *ret_n);

#endif
