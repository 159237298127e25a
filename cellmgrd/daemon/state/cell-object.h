/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One cell as it was last seen. */
#ifndef CELLMGRD_CELL_OBJECT_H
#define CELLMGRD_CELL_OBJECT_H

#include <stdint.h>

#include "facts.h"

/* What may change of it; a set of them is a mask of bits. */
enum cell_fact {
	CELL_FACT_STATE,
	CELL_FACT_RESULT,
	CELL_FACT_FAILURE,
	CELL_FACT_ID,
	CELL_FACT_CPUS,
	CELL_FACT_FAILED_CPUS,
	CELL_FACT_CONFIG_PATH,
	CELL_FACT_DIGEST,
	CELL_FACT_MANAGED,
	CELL_FACT_DESCRIPTION,
	CELL_FACT_MEMORY,
	CELL_FACT_DEVICES,
	CELL_FACT_START,
	CELL_N_FACTS,
};

struct cell_object {
	struct cell_object *next;
	char *unit;
	struct facts facts;
	uint64_t changed_realtime; /* us; when this daemon saw the state change */
	uint64_t changed_monotonic;
};

/* Takes over the contents of *facts. */
int cell_object_new(struct facts *facts, struct cell_object **ret);
struct cell_object *cell_object_free(struct cell_object *cell);

/* Takes over the contents of *facts; returns which of them differ. */
unsigned cell_object_update(struct cell_object *cell, struct facts *facts);

/*
 * Exits by reason: the sum over its CPUs, or one of them (cpu >= 0). hv: NULL while there is no
 * driver. -ENOENT: the cell does not exist in the kernel.
 */
int cell_object_stats(const struct cell_object *cell, cell_hv *hv, int cpu, struct cell_stat *ret,
		      size_t *ret_n);

#endif
