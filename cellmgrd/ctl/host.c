// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "ctl.h"
#include "diag-json.h"
#include "diag.h"
#include "exit-status.h"

#define SETTINGS_CHECK "settings" /* libcell's name of it */

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

/* The diagnostics of host.json are with the check that they make fail. */
static void print_json(const struct ctl *ctl, const struct table *table, const cell_host *host)
{
	CLEANUP_JSON json_object *rows = table_json(table);

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_object *row = json_object_array_get_idx(rows, i), *array;

		if (strcmp(json_object_get_string(json_object_object_get(row, "check")),
			   SETTINGS_CHECK) != 0)
			continue;

		array = json_object_new_array();
		for (size_t n = 0; n < cell_host_n_diags(host); n++)
			json_object_array_add(array, diag_json(cell_host_diag(host, n)));
		json_object_object_add(row, "diagnostics", array);
	}
	puts(json_object_to_json_string_ext(rows, ctl_json_flags(ctl)));
}

static void print(const struct ctl *ctl, const struct table *table, const cell_host *host)
{
	if (ctl->format != TABLE_TEXT) {
		print_json(ctl, table, host);
		return;
	}

	print_checks(table);
	fflush(stdout);
	diag_print_host(stderr, host);
}

static int check(struct ctl *ctl, cell_host *host)
{
	struct table table = {.columns = columns, .n_columns = ARRAY_SIZE(columns)};
	int r = cell_host_preflight(host, add_check, &table);

	print(ctl, &table, host);
	table_release(&table);
	if (r < 0)
		return ctl_fail_cell(ctl, r);
	if (r == 0)
		return EXIT_OK;

	ctl_fail("%d of the checks failed: this machine cannot be partitioned yet.", r);
	return cell_host_n_diags(host) > 0 ? EXIT_BAD_CONFIG : EXIT_FAILED;
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
