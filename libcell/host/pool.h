/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking memory blocks from Linux and giving them back. Callers hold the lock (lock.h). */
#ifndef LIBCELL_POOL_H
#define LIBCELL_POOL_H

#include "host/host.h"

/* What one operation took, so that a failure can give exactly that back. */
struct pool {
	cell_host *host;
	uint64_t deadline_ms; /* monotonic */
	bool late;
	int record_error; /* negative errno: the record could not be written, so nothing is taken */
};

void pool_begin(struct pool *pool, cell_host *host);

/* A place_take_fn; userdata is a struct pool. Bounded in time for each block and in all. */
int pool_take(void *userdata, struct memory_block *block);

/*
 * The record may be gone (who cleans /run?), but a cell's memory lies in nobody's block but ours:
 * what is offline there counts as taken by us again.
 */
void pool_recover(cell_host *host, const struct ranges *used);

/*
 * Puts every block that is ours and does not touch `needed` back to Linux. One that stays offline
 * is logged, and tried again by whoever calls this next: that is no failure of what is done now.
 */
void pool_give_back(cell_host *host, const struct ranges *needed);

/* "memmap=64M$0x38000000 cellmgr.memory=0x38000000" with a value for this machine. */
const char *pool_describe_fallback(const struct memory *memory, uint64_t need,
				   char text[CMDLINE_RESERVE_SIZE]);

#endif
