// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "attach.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>

#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"

#define ESCAPE 0x1d /* ^] */
#define ESCAPES 3
#define ESCAPE_SECONDS 1

/* One who speaks, of several: as tail(1) has it where it follows more than one file. */
static void head(const struct attached *console, bool only)
{
	static const struct attached *last;

	if (!only && console != last)
		printf("%s==> %s <==\n", last ? "\n" : "", console->name);
	last = console;
}

/* A guest shall not drive the terminal: only lines and tabs pass as they are. */
static void show(struct printable *utf8, const unsigned char *bytes, size_t n)
{
	bool terminal = isatty(STDOUT_FILENO);
	char text[PRINTABLE_MAX];

	for (size_t i = 0; i < n; i++) {
		bool passes = !terminal || bytes[i] == '\n' || bytes[i] == '\r';
		size_t length =
			passes ? printable_end(utf8, text) : printable(utf8, bytes[i], text);

		fwrite(text, 1, length, stdout);
		if (passes)
			putchar(bytes[i]);
	}
	fflush(stdout);
}

/* Whether there was something: it may have more. */
static bool copy_once(struct attached *console, bool only)
{
	unsigned char buffer[4096];
	ssize_t n = read(console->fd, buffer, sizeof(buffer));

	if (n > 0) {
		head(console, only);
		show(&console->utf8, buffer, (size_t)n);
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		console->ended = true;
		console->error = n == 0 ? 0 : errno;
	}

	return n > 0 || (n < 0 && errno == EINTR);
}

/* Those that go on, and where `keys`, the keyboard after them. -ENODATA: all have ended. */
static int wait_for(const struct attached *consoles, size_t n, bool keys, struct pollfd *fds)
{
	bool go_on = false;

	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct pollfd){consoles[i].ended ? -1 : consoles[i].fd, POLLIN, 0};
		go_on |= !consoles[i].ended;
	}
	if (!go_on)
		return -ENODATA;
	fds[n] = (struct pollfd){keys ? STDIN_FILENO : -1, POLLIN, 0};
	if (poll(fds, n + 1, -1) >= 0)
		return 0;

	for (size_t i = 0; i <= n; i++)
		fds[i].revents = 0;
	return errno == EINTR ? 0 : -errno;
}

/* A little of each in its turn: none that writes without end keeps the others waiting. */
static void copy_ready(struct attached *consoles, size_t n, const struct pollfd *fds)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i].revents)
			copy_once(&consoles[i], n == 1);
}

static int fail(int error)
{
	return ctl_fail("Cannot read the console: %s", strerror(error));
}

/* Of those that an error has ended; r: that of waiting for all. */
static int report(const struct attached *consoles, size_t n, int r)
{
	int status = r < 0 && r != -ENODATA ? fail(-r) : EXIT_OK;

	for (size_t i = 0; i < n; i++)
		if (consoles[i].error)
			status = fail(consoles[i].error);

	return status;
}

/* Whether the person has asked to leave. */
static bool read_keys(unsigned *n, time_t *first)
{
	unsigned char keys[64];
	ssize_t count = read(STDIN_FILENO, keys, sizeof(keys));
	struct timespec now;

	if (count <= 0)
		return count == 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	for (ssize_t i = 0; i < count; i++) {
		if (keys[i] != ESCAPE || (*n > 0 && now.tv_sec - *first > ESCAPE_SECONDS))
			*n = 0;
		if (keys[i] == ESCAPE && (*n)++ == 0)
			*first = now.tv_sec;
		if (*n >= ESCAPES)
			return true;
	}

	return false;
}

/* keys: until the person at the keyboard leaves; else until nobody reads any more. */
static int follow_all(struct attached *consoles, size_t n, bool keys)
{
	struct pollfd *fds = calloc(n + 1, sizeof(*fds));
	unsigned n_escapes = 0;
	time_t first = 0;
	int r = fds ? 0 : -ENOMEM;

	while (r == 0 && (keys || !ferror(stdout))) {
		r = wait_for(consoles, n, keys, fds);
		if (r == 0 && fds[n].revents && read_keys(&n_escapes, &first))
			break;
		if (r == 0)
			copy_ready(consoles, n, fds);
	}

	free(fds);
	return r;
}

int attach_copy(struct attached *consoles, size_t n, bool follow)
{
	for (size_t i = 0; i < n; i++)
		while (copy_once(&consoles[i], n == 1) && !ferror(stdout))
			;

	return report(consoles, n, follow ? follow_all(consoles, n, false) : 0);
}

/* "a" or "a, b and c". */
static void print_names(const struct attached *consoles, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " and ", consoles[i].name);
}

int attach_run(struct attached *consoles, size_t n)
{
	struct termios old, raw;
	int r;

	if (tcgetattr(STDIN_FILENO, &old) < 0)
		return ctl_fail("Cannot use the terminal: %s", strerror(errno));
	fputs("Connected to the console of ", stderr);
	print_names(consoles, n);
	fputs(". Press ^] three times within a second to leave.\n", stderr);

	raw = old;
	cfmakeraw(&raw);
	raw.c_oflag = old.c_oflag;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	r = follow_all(consoles, n, true);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old);

	fputs("\nDisconnected from the console of ", stderr);
	print_names(consoles, n);
	fputs(".\n", stderr);
	return report(consoles, n, r);
}
