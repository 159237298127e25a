/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods that change something or show what is not everybody's: one table, one way in. */
#ifndef CELLMGRD_OPERATION_H
#define CELLMGRD_OPERATION_H

#include <systemd/sd-bus.h>

struct service;

/* Runs the operation that the call's member names, once its sender may do it. */
int operation_run(struct service *service, sd_bus_message *call, sd_bus_error *error);

#endif
