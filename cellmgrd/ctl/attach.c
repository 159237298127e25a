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
#include "printable.h"

#define ESCAPE 0x1d /* ^] */
#define ESCAPES 3
#define ESCAPE_SECONDS 1

/* A guest shall not drive the terminal: only lines and tabs pass as they are. */
static void show(const unsigned char *bytes, size_t n)
{
	bool terminal = isatty(STDOUT_FILENO);
	static struct printable utf8; /* one console per process */
	char text[PRINTABLE_MAX];

	for (size_t i = 0; i < n; i++) {
		bool passes = !terminal || bytes[i] == '\n' || bytes[i] == '\r';
		size_t length =
			passes ? printable_end(&utf8, text) : printable(&utf8, bytes[i], text);

		fwrite(text, 1, length, stdout);
		if (passes)
			putchar(bytes[i]);
	}
	fflush(stdout);
}

/* 1: there was something. 0: the end. -EAGAIN: nothing now. */
static int copy_once(int fd)
{
	unsigned char buffer[4096];
	ssize_t n = read(fd, buffer, sizeof(buffer));

	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	show(buffer, (size_t)n);
	return n > 0;
}

int attach_copy(int fd, bool follow)
{
	struct pollfd poll_fd = {fd, POLLIN, 0};
	int r;

	do {
		r = copy_once(fd);
		if (r == -EAGAIN && follow)
			r = poll(&poll_fd, 1, -1) < 0 && errno != EINTR ? -errno : 1;
	} while (r > 0 && !ferror(stdout));

	return r < 0 && r != -EAGAIN ? ctl_fail("Cannot read the console: %s", strerror(-r))
				     : EXIT_OK;
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

static int follow_until_left(int fd)
{
	struct pollfd fds[] = {{fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
	unsigned n_escapes = 0;
	time_t first = 0;
	int r;

	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents && read_keys(&n_escapes, &first))
			return 0;
		if (!fds[0].revents)
			continue;
		r = copy_once(fd);
		if (r <= 0 && r != -EAGAIN)
			return r;
	}
}

int attach_run(int fd, const char *name)
{
	struct termios old, raw;
	int r;

	if (tcgetattr(STDIN_FILENO, &old) < 0)
		return ctl_fail("Cannot use the terminal: %s", strerror(errno));
	fprintf(stderr,
		"Connected to the console of %s. Press ^] three times within a second to leave.\n",
		name);

	raw = old;
	cfmakeraw(&raw);
	raw.c_oflag = old.c_oflag;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	r = follow_until_left(fd);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old);

	fprintf(stderr, "\nDisconnected from the console of %s.\n", name);
	return r < 0 ? ctl_fail("Cannot read the console: %s", strerror(-r)) : EXIT_OK;
}
