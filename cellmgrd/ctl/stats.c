// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>

#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "names.h"
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

/* In JSON each row says whose it is, too. */
static void fill_table(struct table *table, const struct matrix *matrix, const struct facts *facts,
		       bool named)
{
	size_t n = facts->n_cpus;

	for (int row = 0; row < matrix->n_stats; row++) {
		uint64_t sum = 0;

		if (named)
			table_add(table, "%s", facts->name);
		table_add(table, "%s", matrix->stats[0][row].name);
		for (size_t i = 0; i < n; i++) {
			table_add(table, "%" PRIu64, matrix->stats[i][row].count);
			sum += matrix->stats[i][row].count;
		}
		if (n > 1)
			table_add(table, "%" PRIu64, sum);
	}
}

static size_t fill_columns(struct matrix *matrix, const struct facts *facts, bool named)
{
	struct table_column *next = matrix->columns;
	size_t n = facts->n_cpus;

	if (named)
		*next++ = (struct table_column){"Cell", "cell", false, false};
	*next++ = (struct table_column){"Exits", "reason", false, false};
	for (size_t i = 0; i < n; i++) {
		char *title = matrix->titles[i];

		snprintf(title, sizeof(matrix->titles[i]), "CPU%u", facts->cpus[i]);
		*next++ = (struct table_column){title, title, true, false};
	}
	if (n > 1)
		*next++ = (struct table_column){"Sum", "sum", true, false};

	return (size_t)(next - matrix->columns);
}

static int print(struct ctl *ctl, struct matrix *matrix, const struct facts *facts)
{
	bool named = ctl->format != TABLE_TEXT;
	struct table table = {.columns = matrix->columns};
	int r = read_stats(ctl, matrix, facts);

	if (r != EXIT_OK)
		return r;

	table.n_columns = fill_columns(matrix, facts, named);
	fill_table(&table, matrix, facts, named);
	if (!named)
		names_section(ctl, ctl->legend ? facts->name : NULL);
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

	matrix.columns = calloc(n + 3, sizeof(*matrix.columns));
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
