// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "term.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

static pid_t pager;

static size_t size_of(const char *variable, bool columns)
{
	const char *text = getenv(variable);
	struct winsize size;

	if (!pager && (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0))
		return 0;
	if (text && atoi(text) > 0)
		return (size_t)atoi(text);
	if (pager && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;

	return columns ? size.ws_col : size.ws_row;
}

size_t term_columns(void)
{
	return size_of("COLUMNS", true);
}

size_t term_rows(void)
{
	return size_of("LINES", false);
}

bool term_has_colors(void)
{
	const char *wish = getenv("SYSTEMD_COLORS"), *term = getenv("TERM");

	if (wish)
		return strcmp(wish, "0") != 0 && strcmp(wish, "no") != 0 &&
		       strcmp(wish, "false") != 0;
	if (getenv("NO_COLOR") || !term || strcmp(term, "dumb") == 0)
		return false;

	return pager || isatty(STDOUT_FILENO);
}

const char *term_normal(void)
{
	return term_has_colors() ? "\033[0m" : "";
}

const char *term_state_color(const char *state)
{
	static const struct {
		const char *state;
		const char *sequence;
	} colors[] = {
		{"running", "\033[32m"},   {"running/locked", "\033[32m"}, {"starting", "\033[33m"},
		{"stopping", "\033[33m"},  {"failed", "\033[1;31m"},	   {"stopped", "\033[33m"},
		{"shut down", "\033[33m"}, {"defined", "\033[90m"},	   {"native", "\033[90m"},
	};

	for (size_t i = 0; term_has_colors() && i < ARRAY_SIZE(colors); i++)
		if (strcmp(colors[i].state, state) == 0)
			return colors[i].sequence;

	return "";
}

static const char *pager_command(void)
{
	const char *systemd = getenv("SYSTEMD_PAGER"), *general = getenv("PAGER");

	return systemd ? systemd : general ? general : "less";
}

static void run_pager(int fd)
{
	const char *command = pager_command();

	dup2(fd, STDIN_FILENO);
	setenv("LESS", "FRSXMK", 0);
	execlp("sh", "sh", "-c", command, NULL);
	execlp("cat", "cat", NULL);
	_exit(127);
}

void term_pager_open(void)
{
	int fds[2];

	if (!isatty(STDOUT_FILENO) || !*pager_command() || strcmp(pager_command(), "cat") == 0 ||
	    pipe2(fds, O_CLOEXEC) < 0)
		return;

	fflush(stdout);
	pager = fork();
	if (pager == 0)
		run_pager(fds[0]);
	if (pager > 0)
		dup2(fds[1], STDOUT_FILENO);
	else
		pager = 0;
	close(fds[0]);
	close(fds[1]);
}

bool term_pager_close(void)
{
	if (!pager)
		return false;

	/* ^C is the pager's: who goes before it leaves two programs to one terminal. */
	signal(SIGINT, SIG_IGN);
	fflush(stdout);
	close(STDOUT_FILENO);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
	pager = 0;
	return true;
}
