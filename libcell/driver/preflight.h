/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_PREFLIGHT_H
#define LIBCELL_PREFLIGHT_H

#include "host/host.h"
#include "host/preparation.h"

/* 0, or the first failed check as the context's error. */
int preflight_require(cell_host *host);

/* A check that failed, or warns, and the argument (or two) for the kernel that it wants; the
 * running one has not got it. */
struct preflight_want {
	const char *check;
	char argument[CMDLINE_RESERVE_SIZE];
};
#define PREFLIGHT_WANTS_MAX PREPARATION_CHECKS_MAX

/* Returns how many there are. -ENOMEM. */
int preflight_wants(const cell_host *host, struct preflight_want wants[PREFLIGHT_WANTS_MAX]);

#endif
