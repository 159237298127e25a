/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A console on standard output. */
#ifndef CELLMGRD_ATTACH_H
#define CELLMGRD_ATTACH_H

#include <stdbool.h>

/* Copies what the descriptor has; with `follow` waits for more until it ends. Returns the status.
 */
int attach_copy(int fd, bool follow);

/* On a terminal: shows what comes until the cell is gone or ^] was typed three times in a second.
 */
int attach_run(int fd, const char *name);

#endif
