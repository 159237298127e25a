// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "console.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <time.h>

#include <linux/sockios.h>

#include "cleanup.h"
#include "event.h"
#include "log.h"
#include "printable.h"

#define SETTLE_MS 100
#define SETTLE_PAUSE_MS 1

static void refill(struct console *console)
{
	struct timespec now;
	uint64_t usec;

	clock_gettime(CLOCK_MONOTONIC, &now);
	usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	console->tokens += (double)(usec - console->refilled) * CONSOLE_LINES_PER_SECOND / 1e6;
	if (console->refilled == 0 || console->tokens > CONSOLE_BURST)
		console->tokens = CONSOLE_BURST;
	console->refilled = usec;
}

/*
 * Who waits for a journal that does not read cannot ask the guest to shut down, nor say that it
 * lives. There is room then for one write of stdio's buffer; with an error it does not wait either.
 */
static bool output_is_taken(void)
{
	struct pollfd fd = {STDOUT_FILENO, POLLOUT, 0};

	return poll(&fd, 1, 0) > 0;
}

/* What cannot be written now goes out with what follows. */
static void flush_output(void)
{
	if (output_is_taken())
		fflush(stdout);
}

/* unix(7): of a stream that is the journal's, the bytes that it has not read; pipes count them,
 * too. */
static bool is_read(void)
{
	int n = 0;

	if (ioctl(STDOUT_FILENO, SIOCOUTQ, &n) < 0 && ioctl(STDOUT_FILENO, FIONREAD, &n) < 0)
		return true;
	return n <= 0;
}

/*
 * Our own lines go to the journal by another socket, and would overtake the guest's: it takes the
 * one that it finds first. It is not waited for where it does not read at all.
 */
void console_settle(struct console *console)
{
	const struct timespec pause = {.tv_nsec = SETTLE_PAUSE_MS * 1000000};
	int tries = console->is_unread ? 0 : SETTLE_MS / SETTLE_PAUSE_MS;

	flush_output();
	for (int i = 0; i < tries && !is_read(); i++)
		nanosleep(&pause, NULL);
	console->is_unread = !is_read();
}

static void tell_left_out(struct console *console)
{
	if (console->n_left_out == 0)
		return;

	console_settle(console);
	log_event(console->cell, EVENT_FLOODED, LOG_WARNING,
		  "The guest writes faster than its lines are taken: %" PRIu64
		  " lines of its console were left out.",
		  console->n_left_out);
	console->n_left_out = 0;
}

/*
 * Every line costs a token. While there is none, lines are only counted, and on until a second's
 * worth is there again: so a flood that lasts is told of once a second.
 */
static bool may_pass(struct console *console)
{
	if (console->tokens < 1 || console->n_left_out > 0)
		refill(console);

	return console->tokens >= (console->n_left_out > 0 ? CONSOLE_LINES_PER_SECOND : 1);
}

static void flush_line(struct console *console)
{
	console->length += printable_end(&console->utf8, console->line + console->length);
	if (!may_pass(console) || !output_is_taken()) {
		console->n_left_out++;
		console->length = 0;
		return;
	}

	tell_left_out(console);
	console->tokens--;
	fwrite(console->line, 1, console->length, stdout);
	fputc('\n', stdout);
	console->length = 0;
}

/* A carriage return before a line feed is dropped. */
static void put(struct console *console, unsigned char c)
{
	if (c == '\n') {
		flush_line(console);
		return;
	}
	if (c == '\r')
		return;
	if (console->length + 2 * PRINTABLE_MAX > sizeof(console->line))
		flush_line(console);

	console->length += printable(&console->utf8, c, console->line + console->length);
}

static void stop_reading(struct console *console)
{
	console->source = sd_event_source_disable_unref(console->source);
	close(console->fd);
	console->fd = -1;
}

void console_drain(struct console *console)
{
	unsigned char buffer[4096];

	while (console->fd >= 0) {
		ssize_t n = read(console->fd, buffer, sizeof(buffer));

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			stop_reading(console);
			break;
		}
		console->n_bytes += (uint64_t)n;
		for (ssize_t i = 0; i < n; i++)
			put(console, buffer[i]);
	}

	flush_output();
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source, (void)fd, (void)events;
	console_drain(userdata);
	return 0;
}

int console_open(struct console *console, cell_cell *cell, sd_event *event)
{
	int r;

	console->fd = cell_cell_console_open(cell, true);
	if (console->fd < 0)
		return console->fd;

	r = sd_event_add_io(event, &console->source, console->fd, EPOLLIN, on_readable, console);
	if (r < 0)
		stop_reading(console);
	return r;
}

void console_close(struct console *console)
{
	console_drain(console);
	if (console->length > 0)
		flush_line(console);
	tell_left_out(console);
	flush_output();
	/* Or exit() would wait. */
	__fpurge(stdout);
	if (console->fd >= 0)
		stop_reading(console);
}
