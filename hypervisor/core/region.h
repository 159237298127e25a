/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory regions of cells: who owns them, and what the management puts into their RAM. */
#ifndef CORE_REGION_H
#define CORE_REGION_H

#include "core/cell.h"
#include "core/resource.h"

/* Whether a cell other than the root owns some of it. */
bool region_owns_memory(uint64_t phys, uint64_t size);

/* Copies from root memory into a stopped cell's RAM. */
int region_load(struct cpu *self, struct cell *cell, struct cellhv_call *call);

#endif
