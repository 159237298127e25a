/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * WatchdogSec= of the unit, for the guest: systemd is told that all is well only while the guest
 * gives signs of life. One is whatever it writes to its console, another is any VM exit of its own
 * making.
 */
#ifndef CELLMGRD_LIFE_H
#define CELLMGRD_LIFE_H

struct supervisor;

/* Does nothing where the unit has no WatchdogSec=. */
int life_watch(struct supervisor *supervisor);

#endif
