/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enabling, confirming and disabling the hypervisor. */
#ifndef CELLMGRD_HYPERVISOR_CHANGE_H
#define CELLMGRD_HYPERVISOR_CHANGE_H

#include <systemd/sd-bus.h>

struct service;

int hypervisor_change_enable(struct service *service, sd_bus_message *call, sd_bus_error *error);
int hypervisor_change_confirm(struct service *service, sd_bus_message *call, sd_bus_error *error);
int hypervisor_change_disable(struct service *service, sd_bus_message *call, sd_bus_error *error);

#endif
