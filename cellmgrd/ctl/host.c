// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"

static const struct table_column columns[] = {
	{"Result", "result", false, false},
	{"Check", "check", false, false},
	{"Finding", "finding", false, false},
	{"Remedy", "remedy", false, false},
};

static int add_check(void *userdata, enum cell_check_result result, const char *name,
		     const char *message, const char *remedy)
{
	static const char *const results[] = {
		[CELL_CHECK_OK] = "ok",
		[CELL_CHECK_WARNING] = "warning",
		[CELL_CHECK_FAILED] = "failed",
	};
	struct table *table = userdata;

	table_add(table, "%s", results[result]);
	table_add(table, "%s", name);
	table_add(table, "%s", message);
	table_add(table, "%s", remedy);
	return 0;
}

/* Sentences do not fit columns: the remedy gets a line of its own. */
static void print_checks(const struct table *table)
{
	for (size_t i = 0; i < table->n_cells; i += table->n_columns) {
		printf("%-8s %-16s %s\n", table->cells[i], table->cells[i + 1],
		       table->cells[i + 2]);
		if (*table->cells[i + 3])
			printf("%-8s %-16s -> %s\n", "", "", table->cells[i + 3]);
	}
}

static int check(struct ctl *ctl, cell_host *host)
{
	struct table table = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};
	int r = cell_host_preflight(host, add_check, &table);

	if (ctl->format == TABLE_TEXT)
		print_checks(&table);
	else
		table_print(&table, ctl->format, ctl->legend, ctl->full);
	table_release(&table);

	if (r < 0)
		return ctl_fail_cell(ctl, r);
	if (r > 0)
		return ctl_fail("%d of the checks failed: this machine cannot be partitioned yet.",
				r);

	return EXIT_OK;
}

static int describe(struct ctl *ctl, cell_host *host)
{
	CLEANUP_FREE char *json = NULL;
	int r = cell_host_describe(host, &json);

	if (r < 0)
		return ctl_fail_cell(ctl, r);

	puts(json);
	return EXIT_OK;
}

int ctl_host(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_HOST cell_host *host = NULL;
	bool is_check = strcmp(argv[1], "check") == 0;
	int r;

	(void)argc;
	if (!is_check && strcmp(argv[1], "describe") != 0) {
		ctl_fail("host takes check or describe, not \"%s\".", argv[1]);
		return EXIT_USAGE;
	}

	r = ctl_require_local(ctl, "host");
	if (r != EXIT_OK)
		return r;
	r = cell_host_new(ctl->context, NULL, &host);
	if (r < 0)
		return ctl_fail_cell(ctl, r);

	return is_check ? check(ctl, host) : describe(ctl, host);
}
