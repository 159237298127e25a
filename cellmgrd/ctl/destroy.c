// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"

int ctl_destroy(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_CELL cell_cell *cell = NULL;
	int r = ctl_open_cell(ctl, argv[1], &hv, &cell);

	(void)argc;
	if (r != EXIT_OK)
		return r;

	r = cell_cell_destroy(cell, ctl->force);
	return r < 0 ? ctl_fail_cell(ctl, r) : EXIT_OK;
}
