/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's memory: blocks that Linux can give, and reservations it never took. */
#ifndef LIBCELL_MEMORY_H
#define LIBCELL_MEMORY_H

#include <stdbool.h>

#include "base/context.h"
#include "base/range.h"
#include "host/iomem.h"

/* Block numbers we have taken offline, one a line; outlives the process, not a reboot. */
#define MEMORY_RECORD "/run/cellmgr/memory-blocks"

struct memory_block {
	unsigned number; /* of /sys/devices/system/memory/memoryN */
	uint64_t phys;
	bool online;
	bool removable; /* and no driver's, which might take it away from a cell */
	bool movable;	/* in ZONE_MOVABLE, so it can go offline for sure */
	bool ours;	/* recorded as taken offline by us */
};

struct memory {
	uint64_t block_size; /* bytes; 0: this kernel cannot take memory offline */
	size_t n;
	struct memory_block *blocks; /* by ascending address */
	struct ranges reserved;	     /* for cells, on the kernel command line (cmdline.h) */
	uint64_t top;		     /* first byte above the highest RAM, reserved or not */
	struct range largest_ram;
};

int memory_read(const char *root, const struct iomem *iomem, struct memory *ret);
void memory_clear(struct memory *memory);

/* For trying what taking blocks would bring. */
int memory_copy(const struct memory *memory, struct memory *ret);

/* What cells may use now: reservations and the blocks that are ours. -ENOMEM. */
int memory_pool(const struct memory *memory, struct ranges *ret);

/* The block to take next: ZONE_MOVABLE before others, high before low; NULL: none is left. */
struct memory_block *memory_next_block(const struct memory *memory);
struct memory_block *memory_block_at(const struct memory *memory, uint64_t phys);

/* Online blocks that might go offline, in bytes. */
uint64_t memory_removable(const struct memory *memory);

/* What to reserve with memmap= where blocks do not go offline: need bytes, rounded up to 64 MiB,
 * but no more than half of the largest piece of RAM. */
struct range memory_fallback(const struct memory *memory, uint64_t need);

#endif
