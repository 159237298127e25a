/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holds: as long as a client keeps the descriptor it was given, nobody stops, restarts, destroys or
 * undefines the cell by way of this daemon. Each is a FIFO below the run directory that the client
 * holds open for writing, so holds outlive the daemon and end with their holders.
 */
#ifndef CELLMGRD_HOLD_H
#define CELLMGRD_HOLD_H

#include <systemd/sd-bus.h>

struct manager;
struct hold;

/* Takes up the holds that an earlier daemon gave out. */
int hold_restore(struct manager *manager);
void hold_free_all(struct manager *manager);

/* Cell.Hold(who, why) -> h. */
int hold_take(struct manager *manager, sd_bus_message *call, sd_bus_error *error);

/* 0, or the error Held that names the first holder. */
int hold_check(struct manager *manager, const char *cell, sd_bus_error *error);

/* Appends a(sstu): who, why, since (microseconds of CLOCK_REALTIME), user. */
int hold_append(struct manager *manager, const char *cell, sd_bus_message *reply);

#endif
