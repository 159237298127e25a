/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_BUS_ERROR_H
#define CELLMGRD_BUS_ERROR_H

#include <systemd/sd-bus.h>

#include "cell.h"

#define BUS_ERROR_PREFIX "org.cellmgr1."

/*
 * libcell's stable name and sentence as a D-Bus error; `AccessDenied` becomes the bus's own. All
 * return a negative errno to hand to sd-bus.
 */
int bus_error_set_named(sd_bus_error *error, const char *name, const char *sentence);

/*
 * No errno goes out bare, as System.Error.ENOSPC: what has no name by now is Failed, with a
 * sentence. Returns r.
 */
int bus_error_complete(sd_bus_error *error, int r, sd_bus_message *call);

/* The answer to a call that failed with r; error: NULL, or perhaps set. */
int bus_error_reply(sd_bus_message *call, int r, sd_bus_error *error);

int bus_error_from_context(sd_bus_error *error, const cell_context *context, int r);
int bus_error_no_such_cell(sd_bus_error *error, const char *name);

#endif
