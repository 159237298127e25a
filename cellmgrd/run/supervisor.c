// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "bring-up.h"
#include "cleanup.h"
#include "cpulist.h"
#include "event.h"
#include "exit-status.h"
#include "life.h"
#include "log.h"
#include "shutdown.h"

#define RESETS_MAX 5
#define RESETS_SECONDS 60

/* A guest that does nothing but reset is stopped, as systemd does with a service. */
static bool may_start_again(struct supervisor *s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (s->n_resets == 0 || now.tv_sec - s->first_reset > RESETS_SECONDS) {
		s->first_reset = now.tv_sec;
		s->n_resets = 0;
	}

	return s->n_resets++ < RESETS_MAX;
}

/* -1: it runs again. */
static int start_again(struct supervisor *s)
{
	int r;

	if (!s->desc || !may_start_again(s)) {
		log_event(s->name, EVENT_FAILED, LOG_ERR,
			  s->desc ? "The guest resets itself over and over."
				  : "The guest reset itself, and its description is gone.");
		return EXIT_FAILED;
	}

	log_info("The guest reset itself; starting it again.");
	r = cell_cell_stop(s->cell);
	if (r >= 0)
		r = cell_cell_load(s->cell, s->desc);
	if (r >= 0)
		r = cell_cell_start(s->cell);
	if (r < 0) {
		log_event(s->name, EVENT_FAILED, LOG_ERR, "Cannot start the guest again: %s",
			  cell_context_last_error(s->context));
		return EXIT_FAILED;
	}
	return -1;
}

int supervisor_follow(struct supervisor *s)
{
	struct cell_failure failure;
	enum cell_state state;
	int r = cell_cell_state(s->cell, &state, &failure);

	if (r < 0) {
		log_event(s->name, EVENT_STOPPED, LOG_NOTICE,
			  "The cell was destroyed by someone else.");
		return EXIT_OK;
	}

	switch (state) {
	case CELL_RUNNING:
	case CELL_LOCKED:
		notify_say(&s->notify, "STATUS=Cell %u is %s.", cell_cell_id(s->cell),
			   cell_state_to_string(state));
		return -1;
	case CELL_SHUT_DOWN:
		if (cell_cell_has_reset(s->cell) == 1)
			return start_again(s);
		log_event(s->name, EVENT_STOPPED, LOG_INFO, "The guest has shut itself down.");
		return EXIT_OK;
	case CELL_STOPPED:
		log_event(s->name, EVENT_STOPPED, LOG_NOTICE,
			  "The cell was stopped by someone else.");
		return EXIT_OK;
	case CELL_FAILED:
		break;
	}

	log_event(s->name, EVENT_FAILED, LOG_ERR, "The guest failed: %s",
		  *failure.message ? failure.message : failure.reason);
	notify_say(&s->notify, "STATUS=The guest failed: %s", failure.message);
	return EXIT_FAILED;
}

static int on_state_change(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct supervisor *s = userdata;
	int status;

	(void)source, (void)fd, (void)events;
	if (cell_hv_dispatch(s->hv) < 0) {
		log_error("Lost the hypervisor's driver.");
		return sd_event_exit(s->event, EXIT_FAILED);
	}
	/* While it is asked to shut down, the answer says how that went. */
	if (s->n_requests > 0)
		return 0;

	/* A dying guest's last words belong before the news of its death. */
	console_drain(&s->console);
	console_settle(&s->console);
	status = supervisor_follow(s);
	if (status >= 0)
		sd_event_exit(s->event, status);
	return 0;
}

static int on_terminate(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct supervisor *s = userdata;

	(void)source, (void)si;
	if (s->n_requests == 0) {
		notify_say(&s->notify, "STOPPING=1\nSTATUS=Asking the guest to shut down.");
		shutdown_begin(s);
	}
	return 0;
}

static int watch(struct supervisor *s)
{
	int r = sd_event_add_signal(s->event, NULL, SIGTERM, on_terminate, s);

	if (r < 0)
		return r;
	r = sd_event_add_signal(s->event, NULL, SIGINT, on_terminate, s);
	if (r < 0)
		return r;
	r = console_open(&s->console, s->cell, s->event);
	if (r < 0)
		log_warning("Cannot read the guest's console: %s", strerror(-r));
	r = life_watch(s);
	if (r < 0)
		return r;

	return sd_event_add_io(s->event, NULL, cell_hv_fd(s->hv), EPOLLIN, on_state_change, s);
}

static void announce(struct supervisor *s)
{
	size_t n;
	const unsigned *cpus = cell_cell_cpus(s->cell, &n);
	CLEANUP_FREE char *list = cpulist_format(cpus, n);

	log_event(s->name, EVENT_STARTED, LOG_INFO, "Cell %u runs on CPU %s.",
		  cell_cell_id(s->cell), list ? list : "?");
	notify_say(&s->notify, "READY=1");
}

static bool has_failed(struct supervisor *s)
{
	enum cell_state state;

	return cell_cell_state(s->cell, &state, NULL) >= 0 && state == CELL_FAILED;
}

static int supervise(struct supervisor *s)
{
	int status, r = watch(s);

	if (r < 0) {
		log_error("Cannot watch the cell: %s", strerror(-r));
		return EXIT_FAILED;
	}

	/* A guest that failed at once was never up: the start of the unit fails, too. */
	if (!has_failed(s))
		announce(s);
	/* It may have ended between its start and the watch. */
	console_drain(&s->console);
	console_settle(&s->console);
	status = supervisor_follow(s);
	if (status < 0)
		status = sd_event_loop(s->event);

	console_close(&s->console);
	return status < 0 ? EXIT_FAILED : status;
}

static int set_up(struct supervisor *s)
{
	sigset_t mask;
	int r;

	/* systemd takes an end by these for a clean one (SuccessExitStatus=), and it would orphan
	 * the guest. */
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;

	r = sd_event_default(&s->event);
	if (r < 0)
		return r;
	r = cell_context_new(&s->context);
	if (r < 0)
		return r;

	notify_begin(&s->notify, s->event);
	cell_context_set_log_fn(s->context, log_from_libcell, NULL);
	return 0;
}

int supervisor_run(const char *name)
{
	struct supervisor s = {
		.name = name, .console = {.fd = -1, .cell = name}, .notify = {.fd = -1}};
	int status, r = set_up(&s);

	if (r < 0)
		log_error("Cannot begin: %s", strerror(-r));
	status = r < 0 ? EXIT_FAILED : bring_up(&s);
	if (status == EXIT_OK)
		status = supervise(&s);

	notify_end(&s.notify);
	cell_cell_unref(s.cell);
	cell_desc_unref(s.desc);
	cell_hv_unref(s.hv);
	cell_context_unref(s.context);
	sd_event_unref(s.event);
	return status;
}
