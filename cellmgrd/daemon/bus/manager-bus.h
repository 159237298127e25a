/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_MANAGER_BUS_H
#define CELLMGRD_MANAGER_BUS_H

struct service;

/* Registers /org/cellmgr1 and its interface. */
int manager_bus_register(struct service *service);

/* Signal: some of the machine's facts have changed. */
void manager_bus_changed(struct service *service, unsigned facts);

/* Asks everything again, between two signals Reloading. */
int manager_bus_reload(struct service *service);

#endif
