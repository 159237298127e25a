/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_CONSOLE_H
#define CELLMGRD_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "cell.h"
#include "printable.h"

#define CONSOLE_LINE_MAX 1024

/*
 * How many lines a guest may write at once, and per second in the long run: below what journald
 * takes from one unit (10000 in 30 s), so that our own lines always pass.
 */
#define CONSOLE_BURST 2000
#define CONSOLE_LINES_PER_SECOND 200

/* A guest's console on its way to standard output, line by line. */
struct console {
	int fd; /* -1: none */
	sd_event_source *source;
	char line[CONSOLE_LINE_MAX];
	size_t length;
	struct printable utf8;
	const char *cell;  /* its name, for the line that says what was left out */
	double tokens;	   /* lines that may pass now */
	uint64_t refilled; /* us of CLOCK_MONOTONIC */
	uint64_t n_left_out;
	uint64_t n_bytes; /* in all */
	bool is_unread;	  /* the journal has not read for as long as it is waited for */
};

/* Forwards from now on. */
int console_open(struct console *console, cell_cell *cell, sd_event *event);

/* Forwards what is there, without waiting. */
void console_drain(struct console *console);

/* Waits a moment until the journal has what was forwarded: before a line of our own. */
void console_settle(struct console *console);

/* Drains, and ends a last line that the guest left open. */
void console_close(struct console *console);

#endif
