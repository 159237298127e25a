/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to an existing cell without its unit. */
#ifndef CELLMGRD_CELL_CHANGE_H
#define CELLMGRD_CELL_CHANGE_H

#include <systemd/sd-bus.h>

struct service;

int cell_change_destroy(struct service *service, sd_bus_message *call, sd_bus_error *error);
int cell_change_open_console(struct service *service, sd_bus_message *call, sd_bus_error *error);
int cell_change_attach_console(struct service *service, sd_bus_message *call, sd_bus_error *error);

#endif
