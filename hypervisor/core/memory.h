/* SPDX-License-Identifier: GPL-2.0-only */
/* Contents of a cell's RAM, seen by the management: zeroing and loading, in bounded steps. */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include "core/cell.h"

/* Zeroes the next part of a stopped cell's RAM; call->scrub.remaining says what is left. */
int memory_scrub(struct cpu *self, struct cell *cell, struct cellhv_call *call);

/* Copies from root memory into a stopped cell's RAM. */
int memory_load(struct cpu *self, struct cell *cell, struct cellhv_call *call);

#endif
