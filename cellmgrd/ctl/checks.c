// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checks.h"

#include <stdio.h>

static const struct table_column columns[CHECKS_N_COLUMNS] = {
	[CHECKS_RESULT] = {"Result", "result", false, false},
	[CHECKS_NAME] = {"Check", "check", false, false},
	[CHECKS_FINDING] = {"Finding", "finding", false, false},
	[CHECKS_REMEDY] = {"Remedy", "remedy", false, false},
};

static int add_check(void *userdata, enum cell_check_result result, const char *name,
		     const char *message, const char *remedy)
{
	static const char *const results[] = {
		[CELL_CHECK_OK] = "ok",
		[CELL_CHECK_WARNING] = "warning",
		[CELL_CHECK_FAILED] = CHECKS_FAILED,
	};
	struct table *table = userdata;

	table_add(table, "%s", results[result]);
	table_add(table, "%s", name);
	table_add(table, "%s", message);
	table_add(table, "%s", remedy);
	return 0;
}

int checks_run(cell_host *host, struct table *ret)
{
	*ret = (struct table){.columns = columns, .n_columns = CHECKS_N_COLUMNS};
	return cell_host_preflight(host, add_check, ret);
}

/* Sentences do not fit columns: the remedy gets a line of its own. */
void checks_print_row(char *const *row)
{
	printf("%-8s %-16s %s\n", row[CHECKS_RESULT], row[CHECKS_NAME], row[CHECKS_FINDING]);
	if (*row[CHECKS_REMEDY])
		printf("%-8s %-16s -> %s\n", "", "", row[CHECKS_REMEDY]);
}
