// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus.h"
#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "holds.h"

#define DESTROY_FORCE UINT64_C(1)

int ctl_destroy(struct ctl *ctl, int argc, char **argv)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_CELL cell_cell *cell = NULL;
	int r;

	(void)argc;
	if (bus_is_needed(ctl))
		return bus_request(ctl, argv[1], "Destroy", "t",
				   ctl->force ? DESTROY_FORCE : UINT64_C(0));

	r = holds_check(ctl, argv[1]);
	if (r != EXIT_OK)
		return r;
	r = ctl_open_cell(ctl, argv[1], &hv, &cell);
	if (r != EXIT_OK)
		return r;

	r = cell_cell_destroy(cell, ctl->force);
	return r < 0 ? ctl_fail_cell(ctl, r) : EXIT_OK;
}
