/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What cellctl knows of the cells: from the kernel itself where it may ask it, so that no daemon is
 * needed; else, and with -H, from cellmgrd.
 */
#ifndef CELLMGRD_VIEW_H
#define CELLMGRD_VIEW_H

#include "ctl.h"
#include "facts.h"

struct view {
	struct facts_list cells;
	bool enabled;	 /* the hypervisor */
	char *root_cpus; /* of Linux, "0-2,5" */
};

/* Has reported where it fails. */
int view_read(struct ctl *ctl, struct view *ret);
void view_release(struct view *view);

/* Reads, and looks one up: EXIT_NO_SUCH_CELL where it is not there. *ret belongs to the view. */
int view_find(struct ctl *ctl, const char *name, struct view *ret_view, struct facts **ret);

/* Exits of one of a cell's CPUs by reason; how many were written, or -1 when it has reported. */
int view_stats(struct ctl *ctl, const char *name, unsigned cpu,
	       struct cell_stat ret_stats[CELL_N_STATS_MAX]);

/* From here on only for view-bus.c and view.c. */
int view_read_bus(struct ctl *ctl, struct view *ret);
int view_stats_bus(struct ctl *ctl, const char *name, unsigned cpu,
		   struct cell_stat ret_stats[CELL_N_STATS_MAX]);

#endif
