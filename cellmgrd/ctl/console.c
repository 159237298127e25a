// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "attach.h"
#include "bus.h"
#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"

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

int ctl_console(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_FD int fd = -1;
	int r = ctl_require_local(ctl, "console");

	(void)argc;
	if (r == EXIT_OK)
		r = bus_is_needed(ctl) ? open_by_bus(ctl, argv[1], &fd)
				       : open_local(ctl, argv[1], &fd);
	if (r != EXIT_OK)
		return r;

	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return attach_run(fd, argv[1]);
	return attach_copy(fd, ctl->follow);
}
