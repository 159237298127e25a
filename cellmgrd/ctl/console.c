// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"

int ctl_console(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_CELL cell_cell *cell = NULL;
	CLEANUP_FD int fd = -1;
	int r = ctl_open_cell(ctl, argv[1], &hv, &cell);

	(void)argc;
	if (r != EXIT_OK)
		return r;

	fd = cell_cell_console_open(cell, !ctl->follow);
	return ctl_copy_console(ctl, fd);
}
