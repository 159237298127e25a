// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "cleanup.h"
#include "cpulist.h"
#include "ctl.h"
#include "exit-status.h"
#include "view.h"

static const struct table_column columns[] = {
	{"ID", "id", true, false},
	{"Name", "name", false, false},
	{"State", "state", false, true},
	{"Assigned CPUs", "cpus", false, false},
};

/* Linux itself: what is online, for the CPUs of cells are offline in Linux. */
static void add_root(struct table *table, const struct view *view)
{
	table_add(table, "0");
	table_add(table, "root");
	table_add(table, "%s", view->enabled ? "running" : "native");
	table_add(table, "%s", view->root_cpus ? view->root_cpus : "?");
}

static void add_cell(struct table *table, const struct facts *facts)
{
	CLEANUP_FREE char *list = cpulist_format(facts->cpus, facts->n_cpus);

	if (facts->exists)
		table_add(table, "%u", facts->id);
	else
		table_add(table, "-");
	table_add(table, "%s", facts->name);
	table_add(table, "%s", facts->state);
	table_add(table, "%s", list && *list ? list : "-");
}

int ctl_list(struct ctl *ctl, int argc, char **argv)
{
	struct table table = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};
	struct view view;
	int r = view_read(ctl, &view);

	(void)argc, (void)argv;
	if (r != EXIT_OK)
		return r;

	add_root(&table, &view);
	for (size_t i = 0; i < view.cells.n; i++)
		if (view.cells.items[i].exists || ctl->all)
			add_cell(&table, &view.cells.items[i]);
	table_print(&table, ctl->format, ctl->legend, ctl->full);

	table_release(&table);
	view_release(&view);
	return EXIT_OK;
}
