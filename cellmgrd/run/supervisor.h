/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One running cell and its service: brings the cell up, lets systemd know, passes the guest's
 * console on, and ends when the cell ends.
 */
#ifndef CELLMGRD_SUPERVISOR_H
#define CELLMGRD_SUPERVISOR_H

#include <systemd/sd-event.h>
#include <time.h>

#include "cell.h"
#include "console.h"
#include "notify.h"

struct supervisor {
	const char *name;
	cell_context *context;
	cell_hv *hv;
	cell_desc *desc; /* NULL: an adopted cell whose description is gone */
	cell_cell *cell;
	sd_event *event;
	struct console console;
	struct notify notify;
	unsigned n_requests; /* for a shutdown, so far */
	uint64_t signs;	     /* of life, at the last look */
	unsigned n_resets;   /* of the guest's own, since first_reset */
	time_t first_reset;  /* s, CLOCK_MONOTONIC */
};

/* Runs until the cell or the service ends; returns the exit status. */
int supervisor_run(const char *name);

/* Logs how the cell ended and returns the exit status for it; -1: it runs, go on. */
int supervisor_follow(struct supervisor *supervisor);

#endif
