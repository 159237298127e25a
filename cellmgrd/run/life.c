// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "life.h"

#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "cleanup.h"
#include "supervisor.h"

/* What Linux causes in the cell by looking at it, and the sum with that in it. */
static bool is_our_doing(const char *reason)
{
	return strcmp(reason, "management") == 0 || strcmp(reason, "nmi") == 0 ||
	       strcmp(reason, "total") == 0;
}

static uint64_t count_signs(struct supervisor *s)
{
	struct cell_stat stats[CELL_N_STATS_MAX];
	uint64_t signs = s->console.n_bytes;
	const unsigned *cpus;
	size_t n;

	cpus = cell_cell_cpus(s->cell, &n);
	for (size_t i = 0; i < n; i++) {
		int n_stats = cell_cell_stats(s->cell, cpus[i], stats);

		for (int j = 0; j < n_stats; j++)
			if (!is_our_doing(stats[j].name))
				signs += stats[j].count;
	}

	return signs;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct supervisor *s = userdata;
	uint64_t period, signs = count_signs(s);

	(void)usec;
	if (signs != s->signs)
		notify_say(&s->notify, "WATCHDOG=1");
	s->signs = signs;

	if (sd_watchdog_enabled(0, &period) <= 0)
		return 0;
	sd_event_source_set_time_relative(source, period / 4);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int life_watch(struct supervisor *s)
{
	uint64_t period;
	int r = sd_watchdog_enabled(0, &period);

	if (r <= 0)
		return r;

	s->signs = count_signs(s);
	return sd_event_add_time_relative(s->event, NULL, CLOCK_MONOTONIC, period / 4, 0, on_time,
					  s);
}
