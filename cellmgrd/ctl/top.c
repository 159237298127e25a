// SPDX-License-Identifier: LGPL-2.1-or-later
/* top: VM exits per second of each CPU of each cell, by reason, again and again. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>

#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "term.h"
#include "view.h"

#define ROWS_MAX 256

struct row {
	char name[32];
	const char *state;
	unsigned cpu;
	int n_stats;
	struct cell_stat stats[CELL_N_STATS_MAX];
};

struct sample {
	double when; /* seconds */
	size_t n;
	struct row rows[ROWS_MAX];
};

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int take(struct ctl *ctl, struct sample *sample)
{
	struct view view;
	int r = view_read(ctl, &view);

	if (r != EXIT_OK)
		return r;

	sample->n = 0;
	sample->when = now_seconds();
	for (size_t i = 0; i < view.cells.n; i++) {
		const struct facts *facts = &view.cells.items[i];

		for (size_t c = 0; facts->exists && c < facts->n_cpus && sample->n < ROWS_MAX;
		     c++) {
			struct row *row = &sample->rows[sample->n];

			snprintf(row->name, sizeof(row->name), "%s", facts->name);
			row->state = facts->state;
			row->cpu = facts->cpus[c];
			row->n_stats = view_stats(ctl, facts->name, row->cpu, row->stats);
			sample->n += row->n_stats >= 0;
		}
	}

	view_release(&view);
	return EXIT_OK;
}

static const struct row *find(const struct sample *sample, const struct row *wanted)
{
	for (size_t i = 0; i < sample->n; i++)
		if (sample->rows[i].cpu == wanted->cpu &&
		    strcmp(sample->rows[i].name, wanted->name) == 0)
			return &sample->rows[i];

	return NULL;
}

/* Per second, of counter `i`; one that has begun again counts from nothing. */
static double rate(const struct row *row, const struct row *old, int i, double seconds)
{
	uint64_t before = old && i < old->n_stats && old->stats[i].count <= row->stats[i].count
				  ? old->stats[i].count
				  : 0;

	return old ? (double)(row->stats[i].count - before) / seconds : 0;
}

#define N_FIXED 3
#define N_COLUMNS_MAX (N_FIXED + CELL_N_STATS_MAX)

/* What does not fit the terminal is left out from the right: the sum comes first. */
static size_t choose_columns(const struct sample *sample, struct table_column *columns)
{
	static const struct table_column fixed[N_FIXED] = {{"Cell", "name", false, false},
							   {"State", "state", false, true},
							   {"CPU", "cpu", true, false}};
	size_t width = 0, available = term_columns();
	int n = 0;

	for (size_t i = 0; i < N_FIXED; i++)
		columns[i] = fixed[i];
	for (size_t i = 0; i < sample->n; i++) {
		size_t used = strlen(sample->rows[i].name) + strlen(sample->rows[i].state) + 10;

		width = used > width ? used : width;
	}
	for (; sample->n > 0 && n < sample->rows[0].n_stats; n++) {
		const char *name = sample->rows[0].stats[n].name;

		width += 2 + (strlen(name) > 8 ? strlen(name) : 8);
		if (available > 0 && width > available)
			break;
		columns[N_FIXED + n] = (struct table_column){name, name, true, false};
	}

	return N_FIXED + (size_t)n;
}

static void print(const struct ctl *ctl, const struct sample *new, const struct sample *old)
{
	struct table_column columns[N_COLUMNS_MAX];
	struct table table = {.columns = columns, .n_columns = choose_columns(new, columns)};
	double seconds = new->when - old->when;

	for (size_t i = 0; i < new->n; i++) {
		const struct row *row = &new->rows[i], *before = find(old, row);

		table_add(&table, "%s", row->name);
		table_add(&table, "%s", row->state);
		table_add(&table, "%u", row->cpu);
		for (int c = 0; c < (int)(table.n_columns - N_FIXED); c++)
			table_add(&table, "%.0f",
				  c < row->n_stats ? rate(row, before, c, seconds) : 0);
	}
	table_print(&table, ctl->format, ctl->legend, ctl->full);
	table_release(&table);
	if (new->n == 0 && ctl->format == TABLE_TEXT)
		puts("No cell exists.");
}

static void print_head(const struct ctl *ctl)
{
	char when[16];
	time_t now = time(NULL);

	strftime(when, sizeof(when), "%T", localtime(&now));
	printf("\033[H\033[J%s  VM exits per second, every %g s  (q leaves)\n\n", when, ctl->delay);
}

/* Whether q was typed, or the terminal is gone, before the next look. */
static bool wants_to_leave(double seconds, bool keys)
{
	struct pollfd fd = {keys ? STDIN_FILENO : -1, POLLIN, 0};
	double end = now_seconds() + seconds;
	char key;

	while (now_seconds() < end) {
		int r = poll(&fd, 1, (int)((end - now_seconds()) * 1000) + 1);

		if (r > 0 && (read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 3))
			return true;
	}

	return false;
}

static int run(struct ctl *ctl, struct sample samples[2], bool screen)
{
	int r = take(ctl, &samples[0]);

	for (unsigned i = 0; r == EXIT_OK && (ctl->iterations == 0 || i < ctl->iterations); i++) {
		const struct sample *old = &samples[i % 2];
		struct sample *new = &samples[(i + 1) % 2];

		if (wants_to_leave(i == 0 && screen ? 0.2 : ctl->delay, screen))
			break;
		r = take(ctl, new);
		if (r != EXIT_OK)
			break;
		if (screen)
			print_head(ctl);
		print(ctl, new, old);
		if (fflush(stdout) != 0)
			break;
	}

	return r;
}

int ctl_top(struct ctl *ctl, int argc, char **argv)
{
	bool screen = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && ctl->format == TABLE_TEXT;
	struct sample *samples = calloc(2, sizeof(*samples));
	struct termios old, raw;
	int r;

	(void)argc, (void)argv;
	if (!samples)
		return ctl_fail("Out of memory.");

	if (!screen || tcgetattr(STDIN_FILENO, &old) < 0) {
		r = run(ctl, samples, false);
	} else {
		raw = old;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
		fputs("\033[?1049h", stdout);
		r = run(ctl, samples, true);
		fputs("\033[?1049l", stdout);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	}

	free(samples);
	return r;
}
