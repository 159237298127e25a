// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "attach.h"
#include "bus.h"
#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "names.h"

static int open_local(struct ctl *ctl, const char *name, int *ret)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_CELL cell_cell *cell = NULL;
	int fd, r = ctl_open_cell(ctl, name, &hv, &cell);

	if (r != EXIT_OK)
		return r;
	fd = cell_cell_console_open(cell, true);
	if (fd < 0)
		return ctl_fail_cell(ctl, fd);

	*ret = fd;
	return EXIT_OK;
}

static int open_by_bus(struct ctl *ctl, const char *name, int *ret)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL, *reply = NULL;
	int fd, r = bus_new_call(ctl, name, "OpenConsole", &m);

	if (r == EXIT_OK && sd_bus_message_append(m, "t", UINT64_C(0)) < 0)
		return ctl_fail("Out of memory.");
	if (r == EXIT_OK)
		r = bus_call(ctl, m, &reply);
	if (r != EXIT_OK)
		return r;
	if (sd_bus_message_read(reply, "h", &fd) < 0)
		return ctl_fail("cellmgrd gave an answer that is no descriptor.");

	*ret = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *ret < 0 ? ctl_fail("Out of descriptors.") : EXIT_OK;
}

/* Those that can be opened; the first that cannot decides the exit status. */
static int open_each(struct ctl *ctl, char **names, struct attached *consoles, size_t *ret_n)
{
	int first = EXIT_OK;
	size_t n = 0;

	for (; *names; names++) {
		int fd = -1, r = bus_is_needed(ctl) ? open_by_bus(ctl, *names, &fd)
						    : open_local(ctl, *names, &fd);

		if (r == EXIT_OK)
			consoles[n++] = (struct attached){.name = *names, .fd = fd};
		else if (first == EXIT_OK)
			first = r;
	}

	*ret_n = n;
	return first;
}

static int show(struct ctl *ctl, char **names, struct attached *consoles)
{
	size_t n;
	int r = EXIT_OK, first = open_each(ctl, names, consoles, &n);

	if (n > 0)
		r = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)
			    ? attach_run(consoles, n)
			    : attach_copy(consoles, n, ctl->follow);
	while (n > 0)
		close(consoles[--n].fd);

	return first == EXIT_OK ? r : first;
}

int ctl_console(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_STRV char **names = NULL;
	struct attached *consoles;
	int n, r = ctl_require_local(ctl, "console");

	if (r == EXIT_OK)
		r = names_expand(ctl, argc, argv, &names, &n);
	if (r != EXIT_OK)
		return r;

	consoles = calloc((size_t)n, sizeof(*consoles));
	r = consoles ? show(ctl, names + 1, consoles) : ctl_fail("Out of memory.");
	free(consoles);
	return r;
}
