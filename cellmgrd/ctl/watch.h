/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals of cellmgrd, for monitor and wait. */
#ifndef CELLMGRD_WATCH_H
#define CELLMGRD_WATCH_H

#include "bus.h"

/*
 * state: the new one. NULL: the cell and its description are gone. Also called for each cell at
 * first, and again when the daemon has been restarted, as what happened meanwhile is not told.
 */
typedef void (*watch_fn)(void *userdata, const char *name, const char *state);

struct watch {
	struct ctl *ctl;
	sd_bus *bus;
	watch_fn fn;
	void *userdata;
	bool lost; /* the daemon ended: look again */
};

/* Has reported where it fails. */
int watch_begin(struct watch *watch, struct ctl *ctl, watch_fn fn, void *userdata);

/* Waits at most `usec` for a signal and handles all that have come. */
int watch_process(struct watch *watch, uint64_t usec);

#endif
