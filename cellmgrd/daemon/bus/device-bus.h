/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_DEVICE_BUS_H
#define CELLMGRD_DEVICE_BUS_H

#include <systemd/sd-bus.h>

/* ListDevices() -> a(sssssssbs). */
int device_bus_list(sd_bus_message *call, void *service, sd_bus_error *error);

#endif
