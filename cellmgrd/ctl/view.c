// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "view.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "cpulist.h"
#include "exit-status.h"

/* 1: ask the daemon instead. */
static int open_driver(struct ctl *ctl)
{
	int r;

	if (ctl->host)
		return 1;
	if (ctl->hv)
		return 0;

	r = cell_hv_open(ctl->context, false, &ctl->hv);
	if (r == -EACCES || r == -EPERM)
		return 1;
	/* No module, no cells: an answer and no failure. */
	if (r < 0 && strcmp(cell_context_last_error_name(ctl->context), "AbiMismatch") == 0)
		return r;
	return 0;
}

/* Without a bus there is no systemd that would know more; so nothing is reported. */
static void read_units(struct ctl *ctl)
{
	if (!ctl->bus && sd_bus_open_system(&ctl->bus) < 0)
		return;

	unit_list_free(&ctl->units);
	unit_list_read(&ctl->units, ctl->bus);
}

static int read_local(struct ctl *ctl, struct view *ret)
{
	struct cell_hv_info info;
	int r;

	read_units(ctl);
	r = facts_collect(ctl->context, ctl->hv, &ctl->summaries, unit_list_state, &ctl->units,
			  &ret->cells);
	if (r < 0)
		return ctl_fail_cell(ctl, r);

	ret->root_cpus = cpulist_online();
	ret->enabled = ctl->hv && cell_hv_info(ctl->hv, &info) >= 0 && info.enabled;
	return EXIT_OK;
}

/* Those that exist by their ids, then the others by their names. */
static int compare(const void *a, const void *b)
{
	const struct facts *x = a, *y = b;

	if (x->id != y->id)
		return x->id - 1 < y->id - 1 ? -1 : 1;
	return strcmp(x->name, y->name);
}

int view_read(struct ctl *ctl, struct view *ret)
{
	int r = open_driver(ctl);

	*ret = (struct view){0};
	if (r < 0)
		return ctl_fail_cell(ctl, r);

	r = r > 0 ? view_read_bus(ctl, ret) : read_local(ctl, ret);
	if (r != EXIT_OK)
		view_release(ret);
	else if (ret->cells.n > 0)
		qsort(ret->cells.items, ret->cells.n, sizeof(*ret->cells.items), compare);
	return r;
}

void view_release(struct view *view)
{
	facts_list_free(&view->cells);
	free(view->root_cpus);
	*view = (struct view){0};
}

int view_find(struct ctl *ctl, const char *name, struct view *ret_view, struct facts **ret)
{
	int r = view_read(ctl, ret_view);

	if (r != EXIT_OK)
		return r;

	*ret = facts_find(&ret_view->cells, name);
	if (*ret)
		return EXIT_OK;

	ctl_fail("There is no cell \"%s\": it does not exist and no %s.json describes it.", name,
		 name);
	view_release(ret_view);
	return EXIT_NO_SUCH_CELL;
}

int view_stats(struct ctl *ctl, const char *name, unsigned cpu,
	       struct cell_stat ret_stats[CELL_N_STATS_MAX])
{
	CLEANUP_CELL cell_cell *cell = NULL;
	int r = open_driver(ctl);

	if (r > 0)
		return view_stats_bus(ctl, name, cpu, ret_stats);
	if (r >= 0)
		r = ctl->hv ? cell_cell_by_name(ctl->hv, name, &cell) : -ENODEV;
	if (r >= 0)
		r = cell_cell_stats(cell, cpu, ret_stats);
	if (r < 0)
		ctl_fail_cell(ctl, r);

	return r < 0 ? -1 : r;
}
