// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "cleanup.h"
#include "ctl.h"
#include "devices.h"
#include "diag-json.h"
#include "diag.h"
#include "exit-status.h"
#include "prepare.h"

#define SETTINGS_CHECK "settings" /* libcell's name of it */

/* The diagnostics of host.json are with the check that they make fail. */
static void print_json(const struct ctl *ctl, const struct table *table, const cell_host *host)
{
	CLEANUP_JSON json_object *rows = table_json(table);

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_object *row = json_object_array_get_idx(rows, i), *array;

		if (strcmp(table->cells[i * CHECKS_N_COLUMNS + CHECKS_NAME], SETTINGS_CHECK) != 0)
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

	for (size_t i = 0; i < table->n_cells; i += CHECKS_N_COLUMNS)
		checks_print_row(&table->cells[i]);
	fflush(stdout);
	diag_print_host(stderr, host);
}

static int check(struct ctl *ctl, cell_host *host)
{
	struct table table;
	int r = checks_run(host, &table);

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

	ctl_print_json(ctl, json);
	return EXIT_OK;
}

int ctl_host(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct ctl *ctl, cell_host *host);
	} actions[] = {{"check", check},
		       {"describe", describe},
		       {"devices", devices_host},
		       {"prepare", prepare_host}};
	CLEANUP_HOST cell_host *host = NULL;
	size_t i = 0;
	int r;

	(void)argc;
	while (i < ARRAY_SIZE(actions) && strcmp(actions[i].name, argv[1]) != 0)
		i++;
	if (i == ARRAY_SIZE(actions)) {
		ctl_fail("host takes check, describe, devices or prepare, not \"%s\".", argv[1]);
		return EXIT_USAGE;
	}

	r = ctl_require_local(ctl, "host");
	if (r != EXIT_OK)
		return r;
	r = cell_host_new(ctl->context, NULL, &host);
	return r < 0 ? ctl_fail_cell(ctl, r) : actions[i].run(ctl, host);
}
