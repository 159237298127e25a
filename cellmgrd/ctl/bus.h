/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cellctl's connection to the bus: of this machine, or with -H of another by ssh. */
#ifndef CELLMGRD_CTL_BUS_H
#define CELLMGRD_CTL_BUS_H

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "ctl.h"

#define CELLMGR_NAME "org.cellmgr1"
#define CELLMGR_PATH "/org/cellmgr1"
#define CELLMGR_MANAGER "org.cellmgr1.Manager"
#define CELLMGR_CELL "org.cellmgr1.Cell"
#define CELLMGR_CELL_PREFIX "/org/cellmgr1/cell"

/* Whether changes have to be asked for: on another machine, or where the user is not root. */
bool bus_is_needed(const struct ctl *ctl);

/* Connects once; has reported where it fails. */
int bus_connect(struct ctl *ctl, sd_bus **ret);

/* Sends m and waits for the answer; has reported where it fails. ret: may be NULL. */
int bus_call(struct ctl *ctl, sd_bus_message *m, sd_bus_message **ret);

/* A new call of the manager (path NULL) or of the cell `name`. */
int bus_new_call(struct ctl *ctl, const char *name, const char *member, sd_bus_message **ret);

/* The call of the manager (path NULL) or a cell without answer, arguments as types says. */
int bus_request(struct ctl *ctl, const char *name, const char *member, const char *types, ...);

/* Reports the error of an answer, and returns the exit status that fits its name. */
int bus_fail(const sd_bus_error *error, int r);

/* sd_bus_wait(), then everything that has come; ends after `usec` of silence. */
int bus_process(sd_bus *bus, uint64_t usec);

#endif
