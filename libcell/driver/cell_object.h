/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A cell that exists: looking at it. lifecycle.c changes it. */
#ifndef LIBCELL_CELL_OBJECT_H
#define LIBCELL_CELL_OBJECT_H

#include <cellhv/driver.h>

#include "driver/hv.h"
#include "host/cpuset.h"

struct cell_cell {
	unsigned refs;
	cell_hv *hv;
	uint32_t id;
	char name[CELLHV_NAME_SIZE];
	size_t n_cpus;
	unsigned cpus[CELLHV_MAX_CPUS];
};

int cell_object_new(cell_hv *hv, const struct cellhv_cell_info *info, cell_cell **ret);

/* -ENOENT (NoSuchCell): it is gone. */
int cell_object_info(const cell_cell *cell, struct cellhv_cell_info *ret);

#endif
