/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holds: as long as a client keeps the descriptor it was given, nobody stops, restarts, destroys or
 * undefines the cell by way of this daemon. Each is a FIFO below the run directory that the client
 * holds open for writing, so holds outlive the daemon and end with their holders.
 */
#ifndef CELLMGRD_HOLD_H
#define CELLMGRD_HOLD_H

#include <systemd/sd-event.h>

#include "hold-file.h"

#define HOLDS_MAX 256

struct holds {
	sd_event *event;
	struct hold *first;
};

/* Takes up the holds that an earlier daemon gave out. */
int hold_restore(struct holds *holds, sd_event *event);
void hold_free_all(struct holds *holds);

/*
 * A new one: the client's descriptor. -EINVAL: who or why is not one line of text, or too long;
 * -EUSERS: there are HOLDS_MAX; else why it cannot be recorded.
 */
int hold_take(struct holds *holds, const char *cell, const char *who, const char *why, uid_t uid);

/* Those of a cell: the one after `hold`, or the first (NULL); NULL: there are no more. */
const struct hold *hold_next(const struct holds *holds, const struct hold *hold, const char *cell);
const struct hold_file *hold_file_of(const struct hold *hold);

#endif
