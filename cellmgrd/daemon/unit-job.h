/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_UNIT_JOB_H
#define CELLMGRD_UNIT_JOB_H

#include <systemd/sd-bus.h>

struct manager;

/*
 * Asks systemd for `method` (StartUnit, StopUnit, RestartUnit) on the unit of cell `name`, and
 * passes the job's path, or systemd's error, on to the sender of `call`. mode: as systemd's, ""
 * for "replace".
 */
int unit_job_request(struct manager *manager, sd_bus_message *call, const char *method,
		     const char *name, const char *mode);

#endif
