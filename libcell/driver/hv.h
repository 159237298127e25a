/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_HV_H
#define LIBCELL_HV_H

#include "base/context.h"

struct cell_hv {
	unsigned refs;
	cell_context *context;
	int fd;
};

/* Opens the console of a cell, or with CELLHV_ROOT_ID the hypervisor's; flags: of open(2). */
int hv_console_open(cell_hv *hv, uint32_t id, uint32_t flags);

/* -ENODEV (HypervisorDisabled) unless enabled. */
int hv_require_enabled(cell_hv *hv, const char *what);

#endif
