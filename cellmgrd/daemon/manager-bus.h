/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_MANAGER_BUS_H
#define CELLMGRD_MANAGER_BUS_H

struct manager;

/* Registers /org/cellmgr1 and its interface. */
int manager_bus_register(struct manager *manager);

/* Asks everything again, between two signals Reloading. */
int manager_bus_reload(struct manager *manager);

#endif
