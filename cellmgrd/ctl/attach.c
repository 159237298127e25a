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

#define HARMLESS "\n\r\b"
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

/* A guest shall not drive the terminal: only lines, tabs and steps back pass as they are. */
static void show(struct printable *utf8, const unsigned char *bytes, size_t n)
{
	bool terminal = isatty(STDOUT_FILENO);
	char text[PRINTABLE_MAX];

	for (size_t i = 0; i < n; i++) {
		bool passes = !terminal || (bytes[i] && strchr(HARMLESS, bytes[i]));
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

/* Of the person at the keyboard: what was typed, and has not been taken yet. */
struct keyboard {
	unsigned char keys[64];
	size_t n_keys;
	unsigned n_escapes;
	time_t first; /* escape, of those in a row */
	bool leaves;
};

/* Those that go on, and after them the keyboard where there is one: keys are read as they are
 * taken. -ENODATA: all have ended. */
static int wait_for(const struct attached *consoles, size_t n, const struct keyboard *keyboard,
		    struct pollfd *fds)
{
	bool go_on = false, waits = keyboard && keyboard->n_keys > 0;

	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct pollfd){consoles[i].ended ? -1 : consoles[i].fd,
					 (short)(POLLIN | (waits ? POLLOUT : 0)), 0};
		go_on |= !consoles[i].ended;
	}
	if (!go_on)
		return -ENODATA;
	fds[n] = (struct pollfd){keyboard && !waits ? STDIN_FILENO : -1, POLLIN, 0};
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
		if (fds[i].revents & ~POLLOUT)
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

/* Three escapes in a row ask to leave. */
static void count_escapes(struct keyboard *keyboard)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	for (size_t i = 0; i < keyboard->n_keys && !keyboard->leaves; i++) {
		if (keyboard->keys[i] != ESCAPE ||
		    (keyboard->n_escapes > 0 && now.tv_sec - keyboard->first > ESCAPE_SECONDS))
			keyboard->n_escapes = 0;
		if (keyboard->keys[i] == ESCAPE && keyboard->n_escapes++ == 0)
			keyboard->first = now.tv_sec;
		keyboard->leaves = keyboard->n_escapes >= ESCAPES;
	}
}

static void read_keys(struct keyboard *keyboard)
{
	ssize_t count = read(STDIN_FILENO, keyboard->keys, sizeof(keyboard->keys));

	keyboard->leaves = count == 0;
	keyboard->n_keys = count > 0 ? (size_t)count : 0;
	count_escapes(keyboard);
}

/* What the guest has no room for waits; where it reads no more, its end is about to be read. */
static void type_keys(struct keyboard *keyboard, const struct attached *console)
{
	ssize_t count = console->typed ? write(console->fd, keyboard->keys, keyboard->n_keys) : -1;

	if (count < 0 && console->typed && (errno == EAGAIN || errno == EINTR))
		return;
	if (count < 0)
		count = (ssize_t)keyboard->n_keys;
	keyboard->n_keys -= (size_t)count;
	memmove(keyboard->keys, keyboard->keys + count, keyboard->n_keys);
}

/* keyboard: until the person at it leaves; NULL: until nobody reads any more. */
static int follow_all(struct attached *consoles, size_t n, struct keyboard *keyboard)
{
	struct pollfd *fds = calloc(n + 1, sizeof(*fds));
	int r = fds ? 0 : -ENOMEM;

	while (r == 0 && (keyboard ? !keyboard->leaves : !ferror(stdout))) {
		r = wait_for(consoles, n, keyboard, fds);
		if (r == 0 && keyboard && fds[n].revents)
			read_keys(keyboard);
		if (r == 0 && keyboard && keyboard->n_keys > 0)
			type_keys(keyboard, &consoles[0]);
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

	return report(consoles, n, follow ? follow_all(consoles, n, NULL) : 0);
}

/* "a" or "a, b and c". */
static void print_names(const struct attached *consoles, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " and ", consoles[i].name);
}

int attach_run(struct attached *consoles, size_t n)
{
	struct keyboard keyboard = {0};
	struct termios old, raw;
	int r;

	if (tcgetattr(STDIN_FILENO, &old) < 0)
		return ctl_fail("Cannot use the terminal: %s", strerror(errno));
	fputs("Connected to the console of ", stderr);
	print_names(consoles, n);
	fprintf(stderr, "%s. Press ^] three times within a second to leave.\n",
		consoles[0].typed ? ", which reads what you type" : "");

	raw = old;
	cfmakeraw(&raw);
	raw.c_oflag = old.c_oflag;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	r = follow_all(consoles, n, &keyboard);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old);

	fputs("\nDisconnected from the console of ", stderr);
	print_names(consoles, n);
	fputs(".\n", stderr);
	return report(consoles, n, r);
}
