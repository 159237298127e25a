/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cells from creation to destruction. */
#ifndef LIBCELL_LIFECYCLE_H
#define LIBCELL_LIFECYCLE_H

#include "base/blob.h"
#include "driver/cell_object.h"
#include "driver/inventory.h"
#include "host/host.h"

/* Of memory that cells may have already; callers hold the lock. */
int lifecycle_create(cell_hv *hv, const cell_blob *blob, cell_cell **ret);

/* Ends the cell and the object, without a word. */
void lifecycle_undo_create(cell_cell *cell);

int lifecycle_load(const cell_cell *cell, uint64_t guest, const void *data, size_t size);

/* What the kernel says of the cells, for blocks that the record does not name. */
void lifecycle_recover_record(cell_host *host, const struct inventory *inventory);

/* Gives back what no cell needs; does not replace the sentence about what went wrong. */
void lifecycle_roll_back_memory(cell_hv *hv, cell_host *host);

#endif
