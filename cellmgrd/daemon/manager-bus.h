/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_MANAGER_BUS_H
#define CELLMGRD_MANAGER_BUS_H

struct manager;

/* Registers /org/cellmgr1 and its interface. */
int manager_bus_register(struct manager *manager);

#endif
