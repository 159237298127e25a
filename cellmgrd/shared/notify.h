/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sd_notify(3) tells systemd, without a wait for it: sd_notify() blocks while the queue of the
 * socket is full, as long as its reader hangs. Here what cannot be sent now goes out as soon as
 * there is room; of two values for the same variable the later one counts.
 */
#ifndef CELLMGRD_NOTIFY_H
#define CELLMGRD_NOTIFY_H

#include <systemd/sd-event.h>

#define NOTIFY_MAX 1024

struct notify {
	sd_event *event;
	sd_event_source *source; /* while something waits for room; or NULL */
	int fd;			 /* -1: none yet, or there is no systemd to tell */
	char unsent[NOTIFY_MAX]; /* "NAME=VALUE\n"... */
};

/* The socket is $NOTIFY_SOCKET; without one nothing is told. */
void notify_begin(struct notify *notify, sd_event *event);

/* format: lines "NAME=VALUE", the last one without its end. */
void notify_say(struct notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Once more tries to send what is left, and forgets it. */
void notify_end(struct notify *notify);

#endif
