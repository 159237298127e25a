// SPDX-License-Identifier: LGPL-2.1-or-later
/* cellmgrd: publishes the machine's cells on D-Bus as org.cellmgr1. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bus/connection.h"
#include "bus/manager-bus.h"
#include "bus/service.h"
#include "cleanup.h"
#include "log.h"
#include "notify.h"

static int block_signals(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGHUP);
	return sigprocmask(SIG_BLOCK, &mask, NULL);
}

struct daemon {
	struct service *service;
	struct notify notify;
};

static int on_hang_up(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct daemon *daemon = userdata;
	struct timespec now;

	(void)source, (void)si;
	clock_gettime(CLOCK_MONOTONIC, &now);
	notify_say(&daemon->notify, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	manager_bus_reload(daemon->service);
	notify_say(&daemon->notify, "READY=1");
	return 0;
}

static int run(struct daemon *daemon)
{
	struct manager *manager = daemon->service->manager;
	int r = sd_event_add_signal(manager->event, NULL, SIGTERM, NULL, NULL);

	if (r < 0)
		return r;
	r = sd_event_add_signal(manager->event, NULL, SIGINT, NULL, NULL);
	if (r < 0)
		return r;
	r = sd_event_add_signal(manager->event, NULL, SIGHUP, on_hang_up, daemon);
	if (r < 0)
		return r;
	r = sd_event_set_watchdog(manager->event, 1);
	if (r < 0)
		return r;

	/* The name comes last: whoever sees it may call at once. */
	r = connection_open(daemon->service);
	if (r < 0)
		return r;

	notify_begin(&daemon->notify, manager->event);
	notify_say(&daemon->notify, "READY=1\nSTATUS=Serving " BUS_NAME ".");
	r = sd_event_loop(manager->event);
	notify_say(&daemon->notify, "STOPPING=1");
	notify_end(&daemon->notify);
	return r;
}

int main(void)
{
	struct daemon daemon = {.notify = {.fd = -1}};
	struct manager *manager = NULL;
	int r;

	block_signals();
	r = manager_new(&manager);
	if (r >= 0)
		r = connection_new(manager, &daemon.service);
	if (r >= 0)
		r = run(&daemon);
	connection_free(daemon.service);
	manager_free(manager);
	if (r < 0)
		log_error("cellmgrd cannot go on: %s", strerror(-r));
	else if (r > 0)
		log_error("cellmgrd ends with its bus.");

	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
