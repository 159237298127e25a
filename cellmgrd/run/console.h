/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_CONSOLE_H
#define CELLMGRD_CONSOLE_H

#include <stddef.h>
#include <systemd/sd-event.h>

#include "cell.h"
#include "printable.h"

#define CONSOLE_LINE_MAX 1024

/* A guest's console on its way to standard output, line by line. */
struct console {
	int fd; /* -1: none */
	sd_event_source *source;
	char line[CONSOLE_LINE_MAX];
	size_t length;
	struct printable utf8;
};

/* Forwards from now on. */
int console_open(struct console *console, cell_cell *cell, sd_event *event);

/* Forwards what is there, without waiting. */
void console_drain(struct console *console);

/* Drains, and ends a last line that the guest left open. */
void console_close(struct console *console);

#endif
