/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Start, stop and restart of a cell: jobs of systemd for its unit. The sender gets the job's path,
 * or systemd's error. Arguments of the call: the name (manager only), and systemd's job mode, ""
 * for "replace".
 */
#ifndef CELLMGRD_UNIT_JOB_H
#define CELLMGRD_UNIT_JOB_H

#include <systemd/sd-bus.h>

struct service;

/* CellRunning: the unit is active already. */
int unit_job_start(struct service *service, sd_bus_message *call, sd_bus_error *error);

/* CellNotRunning, CellRunning where no unit controls the running cell, Held. */
int unit_job_stop(struct service *service, sd_bus_message *call, sd_bus_error *error);

/* Held. */
int unit_job_restart(struct service *service, sd_bus_message *call, sd_bus_error *error);

#endif
