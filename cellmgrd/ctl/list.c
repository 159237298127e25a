// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <inttypes.h>

#include "cleanup.h"
#include "cpulist.h"
#include "ctl.h"
#include "exit-status.h"
#include "human.h"
#include "printable.h"
#include "view.h"

static const struct table_column columns[] = {
	{"ID", "id", true, false},
	{"Name", "name", false, false},
	{"State", "state", false, true},
	{"Assigned CPUs", "cpus", false, false},
	{"Memory", "memory", true, false},
	{"Uptime", "startTimestamp", true, false},
	{"Description", "description", false, false},
};

#define N_SHARED 4 /* the columns that Linux itself has, too */

/* Linux itself: what is online, for the CPUs of cells are offline in Linux. */
static void add_root(struct table *table, const struct view *view)
{
	table_add(table, "0");
	table_add(table, "root");
	table_add(table, "%s", view->enabled ? "running" : "native");
	table_add(table, "%s", view->root_cpus ? view->root_cpus : "?");
	for (size_t i = N_SHARED; i < ARRAY_SIZE(columns); i++)
		table_add(table, "-");
}

/* For people in their units, for programs as D-Bus has it. */
static void add_amounts(struct table *table, const struct facts *facts, bool exact)
{
	bool runs = facts_runs(facts) && facts->started_realtime;
	uint64_t since = runs ? human_since(facts->started_realtime) : 0;
	char text[HUMAN_MAX];

	if (!facts->memory)
		table_add(table, "-");
	else if (exact)
		table_add(table, "%" PRIu64, facts->memory);
	else
		table_add(table, "%s", human_size(facts->memory, text));

	if (!runs)
		table_add(table, "-");
	else if (exact)
		table_add(table, "%" PRIu64, facts->started_realtime);
	else
		table_add(table, "%s", human_duration(since, text));
}

/* exact: the table is for programs. */
static void add_cell(struct table *table, const struct facts *facts, bool exact)
{
	CLEANUP_FREE char *list = cpulist_format(facts->cpus, facts->n_cpus);
	CLEANUP_FREE char *harmless = printable_copy(facts->description);
	const char *description = exact ? facts->description : harmless;

	if (facts->exists)
		table_add(table, "%u", facts->id);
	else
		table_add(table, "-");
	table_add(table, "%s", facts->name);
	table_add(table, "%s", facts->state);
	table_add(table, "%s", list && *list ? list : "-");
	add_amounts(table, facts, exact);
	table_add(table, "%s", description && *description ? description : "-");
}

int ctl_list(struct ctl *ctl, int argc, char **argv)
{
	struct table table = {.columns = columns,
			      .n_columns = ARRAY_SIZE(columns),
			      .n_optional = ARRAY_SIZE(columns) - N_SHARED};
	struct view view;
	int r = view_read(ctl, &view);

	(void)argc, (void)argv;
	if (r != EXIT_OK)
		return r;

	add_root(&table, &view);
	for (size_t i = 0; i < view.cells.n; i++)
		if (view.cells.items[i].exists || ctl->all)
			add_cell(&table, &view.cells.items[i], ctl->format != TABLE_TEXT);
	table_print(&table, ctl->format, ctl->legend, ctl->full);

	table_release(&table);
	view_release(&view);
	return EXIT_OK;
}
