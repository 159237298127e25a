// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>

#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"

/* One row per reason, one column per CPU and the sum where there are several. */
struct matrix {
	struct table_column *columns;
	char (*titles)[16];
	struct cell_stat (*stats)[CELL_N_STATS_MAX]; /* by CPU */
	int n_stats;
};

static int read_stats(struct matrix *matrix, cell_cell *cell, const unsigned *cpus, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		matrix->n_stats = cell_cell_stats(cell, cpus[i], matrix->stats[i]);
		if (matrix->n_stats < 0)
			return matrix->n_stats;
	}

	return 0;
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

static int print(struct ctl *ctl, cell_cell *cell, struct matrix *matrix, const unsigned *cpus,
		 size_t n)
{
	struct table table = {.columns = matrix->columns, .n_columns = n + (n > 1 ? 2 : 1)};
	int r = read_stats(matrix, cell, cpus, n);

	if (r < 0)
		return ctl_fail_cell(ctl, r);

	matrix->columns[0] = (struct table_column){"Exits", "reason", false};
	for (size_t i = 0; i < n; i++) {
		snprintf(matrix->titles[i], sizeof(matrix->titles[i]), "CPU%u", cpus[i]);
		matrix->columns[i + 1] =
			(struct table_column){matrix->titles[i], matrix->titles[i], true};
	}
	matrix->columns[n + 1] = (struct table_column){"Sum", "sum", true};

	fill_table(&table, matrix, n);
	table_print(&table, ctl->format, ctl->legend);
	table_release(&table);
	return EXIT_OK;
}

int ctl_stats(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_CELL cell_cell *cell = NULL;
	struct matrix matrix = {0};
	const unsigned *cpus;
	size_t n;
	int r = ctl_open_cell(ctl, argv[1], &hv, &cell);

	(void)argc;
	if (r != EXIT_OK)
		return r;

	cpus = cell_cell_cpus(cell, &n);
	matrix.columns = calloc(n + 2, sizeof(*matrix.columns));
	matrix.titles = calloc(n, sizeof(*matrix.titles));
	matrix.stats = calloc(n, sizeof(*matrix.stats));
	if (matrix.columns && matrix.titles && matrix.stats)
		r = print(ctl, cell, &matrix, cpus, n);
	else
		r = ctl_fail("Out of memory.");

	free(matrix.columns);
	free(matrix.titles);
	free(matrix.stats);
	return r;
}
