/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Physical addresses for a description's RAM. */
#ifndef LIBCELL_PLACE_H
#define LIBCELL_PLACE_H

#include "desc/desc.h"
#include "driver/inventory.h"
#include "host/memory.h"

/* Makes a block that Linux has available to cells, for real or as an assumption. */
typedef int (*place_take_fn)(void *userdata, struct memory_block *block);

struct place {
	uint64_t phys[CELLHV_MAX_MEMORY_REGIONS]; /* by region of the description */
	uint64_t link_phys[CELLHV_MAX_LINKS];	  /* by link */
};

/*
 * Places every region: pinned ones where they are pinned, the others first-fit from the lowest
 * address of what no other cell owns, 4 KiB granular, 2 MiB aligned from 2 MiB on. Calls take for
 * one more block of Linux's while they do not fit, and goes on with the next where it fails.
 * The memory of links that do not exist yet is placed after the regions.
 * -ENOSPC: they do not fit and no block is left. Same input, same result.
 */
int place_desc(const cell_desc *desc, const struct inventory *inventory, struct memory *memory,
	       place_take_fn take, void *userdata, struct place *ret);

/*
 * What cells may use now and no other one than `except` (NULL: none at all) owns. -ENOMEM, with
 * nothing in *ret.
 */
int place_free(const struct inventory *inventory, const struct memory *memory, const char *except,
	       struct ranges *ret);

/* For place_desc(): takes nothing, assumes that what could go offline does. */
int place_assume(void *userdata, struct memory_block *block);

#endif
