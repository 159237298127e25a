/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_BRING_UP_H
#define CELLMGRD_BRING_UP_H

struct supervisor;

/*
 * Adopts the cell where it runs, else creates, loads and starts it; has logged the reason where it
 * fails. Returns EXIT_OK or the exit status.
 */
int bring_up(struct supervisor *supervisor);

#endif
