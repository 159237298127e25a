// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "shutdown.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "cleanup.h"
#include "event.h"
#include "exit-status.h"
#include "log.h"
#include "supervisor.h"

#define MAX_REQUESTS 3
#define PAUSE_USEC 200000 /* lets a guest that refused once come to a better place */
#define DEFAULT_TIMEOUT_MS 5000

static void destroy(struct supervisor *s)
{
	int r = cell_cell_destroy(s->cell, true);

	if (r < 0 && r != -ENOENT)
		log_error("Cannot destroy the cell: %s", cell_context_last_error(s->context));
	sd_event_exit(s->event, r < 0 && r != -ENOENT ? EXIT_FAILED : EXIT_OK);
}

static void obey_policy(struct supervisor *s)
{
	if (s->desc && cell_desc_destroy_on_refusal(s->desc)) {
		log_event(s->name, EVENT_REFUSED, LOG_WARNING,
			  "The guest did not shut down after %u requests; destroying it, as its "
			  "description says.",
			  s->n_requests);
		destroy(s);
		return;
	}

	log_event(s->name, EVENT_REFUSED, LOG_ERR,
		  "The guest did not shut down after %u requests and goes on running. `systemctl "
		  "start cell@%s` takes it under control again, `cellctl destroy --force %s` ends "
		  "it.",
		  s->n_requests, s->name, s->name);
	notify_say(&s->notify, "STATUS=The guest refused to shut down and still runs.");
	sd_event_exit(s->event, EXIT_FAILED);
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	shutdown_begin(userdata);
	return 0;
}

static void ask_again(struct supervisor *s, const char *what)
{
	log_warning("The guest %s the shutdown request, asking again.", what);
	notify_say(&s->notify, "STATUS=The guest %s a shutdown request, asking again.", what);
	if (sd_event_add_time_relative(s->event, NULL, CLOCK_MONOTONIC, PAUSE_USEC, 0,
				       on_pause_over, s) < 0)
		obey_policy(s);
}

void shutdown_begin(struct supervisor *s)
{
	unsigned timeout_ms = s->desc ? cell_desc_shutdown_timeout_ms(s->desc) : DEFAULT_TIMEOUT_MS;
	const char *what;
	int r;

	/* The guest's own time-out counts, however short the unit's is. */
	notify_say(&s->notify, "EXTEND_TIMEOUT_USEC=%" PRIu64,
		   ((uint64_t)timeout_ms + 2000) * 1000);
	s->n_requests++;
	r = cell_cell_shutdown(s->cell, timeout_ms);
	console_drain(&s->console);
	console_settle(&s->console);

	if (r == -EACCES || r == -ETIMEDOUT) {
		what = r == -EACCES ? "refused" : "did not answer";
		if (s->n_requests < MAX_REQUESTS)
			ask_again(s, what);
		else
			obey_policy(s);
		return;
	}
	if (r < 0) {
		/* Most likely it ended by itself meanwhile; if not, it cannot be asked at all. */
		r = supervisor_follow(s);
		if (r >= 0)
			sd_event_exit(s->event, r);
		else
			obey_policy(s);
		return;
	}

	log_event(s->name, EVENT_STOPPED, LOG_INFO, "The guest has shut down.");
	destroy(s);
}
