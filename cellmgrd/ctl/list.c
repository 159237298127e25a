// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "cpulist.h"
#include "ctl.h"
#include "exit-status.h"

static const struct table_column columns[] = {
	{"ID", "id", true},
	{"Name", "name", false},
	{"State", "state", false},
	{"Assigned CPUs", "cpus", false},
};

/* Linux itself: what is online, for the CPUs of cells are offline in Linux. */
static void add_root(struct table *table, cell_hv *hv)
{
	CLEANUP_FREE char *cpus = cpulist_online();
	struct cell_hv_info info;
	bool enabled = hv && cell_hv_info(hv, &info) >= 0 && info.enabled;

	table_add(table, "0");
	table_add(table, "root");
	table_add(table, "%s", enabled ? "running" : "native");
	table_add(table, "%s", cpus ? cpus : "?");
}

static void add_cell(struct table *table, cell_cell *cell)
{
	CLEANUP_FREE char *list = NULL;
	enum cell_state state;
	const unsigned *cpus;
	size_t n;

	if (cell_cell_state(cell, &state, NULL) < 0)
		return;

	cpus = cell_cell_cpus(cell, &n);
	list = cpulist_format(cpus, n);
	table_add(table, "%u", cell_cell_id(cell));
	table_add(table, "%s", cell_cell_name(cell));
	table_add(table, "%s", cell_state_to_string(state));
	table_add(table, "%s", list ? list : "?");
}

static int add_cells(struct table *table, cell_hv *hv)
{
	CLEANUP_CELL cell_cell *cell = NULL;
	cell_cell *next;
	int r;

	while ((r = cell_cell_next(hv, cell, &next)) >= 0) {
		cell_cell_unref(cell);
		cell = next;
		add_cell(table, cell);
	}

	return r == -ENOENT ? 0 : r;
}

static int add_defined(struct table *table, struct ctl *ctl, cell_hv *hv)
{
	CLEANUP_STRV char **names = NULL;
	int r = cell_desc_list(ctl->context, &names);

	if (r < 0)
		return r;

	for (char **name = names; *name; name++) {
		CLEANUP_CELL cell_cell *cell = NULL;

		if (hv && cell_cell_by_name(hv, *name, &cell) >= 0)
			continue;
		table_add(table, "-");
		table_add(table, "%s", *name);
		table_add(table, "defined");
		table_add(table, "-");
	}

	return 0;
}

int ctl_list(struct ctl *ctl, int argc, char **argv)
{
	struct table table = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};
	CLEANUP_HV cell_hv *hv = NULL;
	int r = cell_hv_open(ctl->context, false, &hv);

	(void)argc, (void)argv;
	/* No module, no cells: an answer and no failure. Without the right to look, it is one. */
	if (r == -EACCES || r == -EPERM)
		return ctl_fail_cell(ctl, r);

	add_root(&table, hv);
	r = hv ? add_cells(&table, hv) : 0;
	if (r >= 0 && ctl->all)
		r = add_defined(&table, ctl, hv);
	if (r >= 0)
		table_print(&table, ctl->format, ctl->legend);

	table_release(&table);
	return r < 0 ? ctl_fail_cell(ctl, r) : EXIT_OK;
}
