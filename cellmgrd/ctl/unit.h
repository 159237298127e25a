/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_CTL_UNIT_H
#define CELLMGRD_CTL_UNIT_H

#include <stdbool.h>

#include "ctl.h"

/*
 * StartUnit, StopUnit or RestartUnit of systemd, and with `wait` the end of the job. Has reported
 * where it fails. Returns the exit status.
 */
int unit_request(struct ctl *ctl, const char *method, const char *unit, bool wait);

#endif
