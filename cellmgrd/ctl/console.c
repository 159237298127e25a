// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "attach.h"
#include "bus.h"
#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "names.h"

/* A guest that nobody can type at is only read. */
static int open_cell(struct ctl *ctl, cell_cell *cell, struct attached *ret)
{
	int fd = ret->typed ? cell_cell_console_attach(cell, true) : -EOPNOTSUPP;

	if (fd == -EOPNOTSUPP) {
		ret->typed = false;
		fd = cell_cell_console_open(cell, true);
	}
	if (fd < 0)
		return ctl_fail_cell(ctl, fd);

	ret->fd = fd;
	return EXIT_OK;
}

static int open_local(struct ctl *ctl, struct attached *ret)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_CELL cell_cell *cell = NULL;
	int r = ctl_open_cell(ctl, ret->name, &hv, &cell);

	return r == EXIT_OK ? open_cell(ctl, cell, ret) : r;
}

static int take_descriptor(sd_bus_message *reply, struct attached *ret)
{
	int fd;

	if (sd_bus_message_read(reply, "h", &fd) < 0)
		return ctl_fail("cellmgrd gave an answer that is no descriptor.");

	ret->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return ret->fd < 0 ? ctl_fail("Out of descriptors.") : EXIT_OK;
}

static int call_for_descriptor(struct ctl *ctl, const char *name, const char *member,
			       sd_bus_message **ret)
{
	int r = bus_new_call(ctl, name, member, ret);

	if (r == EXIT_OK && sd_bus_message_append(*ret, "t", UINT64_C(0)) < 0)
		return ctl_fail("Out of memory.");
	return r;
}

/* Whatever forbids that: it may be read still, and if not, that says why. */
static int attach_by_bus(struct ctl *ctl, struct attached *ret)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL, *reply = NULL;
	int r = call_for_descriptor(ctl, ret->name, "AttachConsole", &m);

	if (r != EXIT_OK)
		return r;
	ret->typed = sd_bus_call(sd_bus_message_get_bus(m), m, 0, NULL, &reply) >= 0;
	return ret->typed ? take_descriptor(reply, ret) : EXIT_OK;
}

static int read_by_bus(struct ctl *ctl, struct attached *ret)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL, *reply = NULL;
	int r = call_for_descriptor(ctl, ret->name, "OpenConsole", &m);

	if (r == EXIT_OK)
		r = bus_call(ctl, m, &reply);
	return r == EXIT_OK ? take_descriptor(reply, ret) : r;
}

static int open_by_bus(struct ctl *ctl, struct attached *ret)
{
	int r = ret->typed ? attach_by_bus(ctl, ret) : EXIT_OK;

	return r == EXIT_OK && !ret->typed ? read_by_bus(ctl, ret) : r;
}

/* Those that can be opened; the first that cannot decides the exit status. */
static int open_each(struct ctl *ctl, char **names, bool typed, struct attached *consoles,
		     size_t *ret_n)
{
	int first = EXIT_OK;
	size_t n = 0;

	for (; *names; names++) {
		int r;

		consoles[n] = (struct attached){.name = *names, .fd = -1, .typed = typed};
		r = bus_is_needed(ctl) ? open_by_bus(ctl, &consoles[n])
				       : open_local(ctl, &consoles[n]);
		if (r == EXIT_OK)
			n++;
		else if (first == EXIT_OK)
			first = r;
	}

	*ret_n = n;
	return first;
}

static int show(struct ctl *ctl, char **names, struct attached *consoles)
{
	bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	size_t n;
	int r = EXIT_OK, first = open_each(ctl, names, terminal && !names[1], consoles, &n);

	if (n > 0)
		r = terminal ? attach_run(consoles, n) : attach_copy(consoles, n, ctl->follow);
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
