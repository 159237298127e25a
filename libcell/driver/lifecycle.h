/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cells from creation to destruction. */
#ifndef LIBCELL_LIFECYCLE_H
#define LIBCELL_LIFECYCLE_H

#include "base/blob.h"
#include "driver/cell_object.h"
#include "driver/inventory.h"
#include "host/host.h"

/* The cell, or none; its memory is taken already. Callers hold the lock. */
int lifecycle_create(cell_hv *hv, const cell_blob *blob, cell_cell **ret);

/* After a failure, whose sentence stays: that the cell exists all the same is logged. */
void lifecycle_undo_create(cell_hv *hv, uint32_t id, const char *name);

int lifecycle_load(const cell_cell *cell, uint64_t guest, const void *data, size_t size);

/* What the kernel says of the cells, for blocks that the record does not name. -ENOMEM. */
int lifecycle_recover_record(cell_host *host, const struct inventory *inventory);

/* Gives back what no cell needs; does not replace the sentence about what went wrong. */
void lifecycle_roll_back_memory(cell_hv *hv, cell_host *host);

#endif
