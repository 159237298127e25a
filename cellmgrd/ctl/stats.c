// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>

#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "view.h"

/* One row per reason, one column per CPU and the sum where there are several. */
struct matrix {
	struct table_column *columns;
	char (*titles)[16];
	struct cell_stat (*stats)[CELL_N_STATS_MAX]; /* by CPU */
	int n_stats;
};

static int read_stats(struct ctl *ctl, struct matrix *matrix, const struct facts *facts)
{
	for (size_t i = 0; i < facts->n_cpus; i++) {
		matrix->n_stats = view_stats(ctl, facts->name, facts->cpus[i], matrix->stats[i]);
		if (matrix->n_stats < 0)
			return EXIT_FAILED;
	}

	return EXIT_OK;
}

static void fill_table(struct table *table, const struct matrix *matrix, size_t n)
{
	for (int row = 0; row < matrix->n_stats; row++) {
		uint64_t sum = 0;

		table_add(table, "%s", matrix->stats[0][row].name);
		for (size_t i = 0; i < n; i++) {
			table_add(table, "%" PRIu64, matrix->stats[i][row].count);
			sum += matrix->stats[i][row].count;
		}
		if (n > 1)
			table_add(table, "%" PRIu64, sum);
	}
}

static int print(struct ctl *ctl, struct matrix *matrix, const struct facts *facts)
{
	size_t n = facts->n_cpus;
	struct table table = {.columns = matrix->columns, .n_columns = n + (n > 1 ? 2 : 1)};
	int r = read_stats(ctl, matrix, facts);

	if (r != EXIT_OK)
		return r;

	matrix->columns[0] = (struct table_column){"Exits", "reason", false, false};
	for (size_t i = 0; i < n; i++) {
		snprintf(matrix->titles[i], sizeof(matrix->titles[i]), "CPU%u", facts->cpus[i]);
		matrix->columns[i + 1] =
			(struct table_column){matrix->titles[i], matrix->titles[i], true, false};
	}
	matrix->columns[n + 1] = (struct table_column){"Sum", "sum", true, false};

	fill_table(&table, matrix, n);
	table_print(&table, ctl->format, ctl->legend, ctl->full);
	table_release(&table);
	return EXIT_OK;
}

static int stats_of(struct ctl *ctl, const struct facts *facts)
{
	struct matrix matrix = {0};
	size_t n = facts->n_cpus;
	int r;

	if (!facts->exists) {
		ctl_fail("The cell \"%s\" is not running; `cellctl start %s` starts it.",
			 facts->name, facts->name);
		return EXIT_NOT_RUNNING;
	}

	matrix.columns = calloc(n + 2, sizeof(*matrix.columns));
	matrix.titles = calloc(n, sizeof(*matrix.titles));
	matrix.stats = calloc(n, sizeof(*matrix.stats));
	if (matrix.columns && matrix.titles && matrix.stats)
		r = print(ctl, &matrix, facts);
	else
		r = ctl_fail("Out of memory.");

	free(matrix.columns);
	free(matrix.titles);
	free(matrix.stats);
	return r;
}

int ctl_stats(struct ctl *ctl, int argc, char **argv)
{
	struct view view;
	struct facts *facts;
	int r = view_find(ctl, argv[1], &view, &facts);

	(void)argc;
	if (r != EXIT_OK)
		return r;

	r = stats_of(ctl, facts);
	view_release(&view);
	return r;
}
