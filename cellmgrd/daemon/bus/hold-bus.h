/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds, as clients take and see them. */
#ifndef CELLMGRD_HOLD_BUS_H
#define CELLMGRD_HOLD_BUS_H

#include <systemd/sd-bus.h>

struct service;

/* Cell.Hold(who, why) -> h. */
int hold_bus_take(struct service *service, sd_bus_message *call, sd_bus_error *error);

/* 0, or the error Held that names the first holder. */
int hold_bus_check(struct service *service, const char *cell, sd_bus_error *error);

/* Appends a(sstu): who, why, since (microseconds of CLOCK_REALTIME), user. */
int hold_bus_append(struct service *service, const char *cell, sd_bus_message *reply);

#endif
