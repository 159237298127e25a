/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state on D-Bus: what every file of the bus works with. connection.h makes one. */
#ifndef CELLMGRD_SERVICE_H
#define CELLMGRD_SERVICE_H

#include <systemd/sd-bus.h>

#include "state/manager.h"

#define BUS_NAME "org.cellmgr1"
#define API_VERSION 1u
#define MANAGER_PATH "/org/cellmgr1"
#define MANAGER_INTERFACE "org.cellmgr1.Manager"
#define CELL_PATH_PREFIX "/org/cellmgr1/cell"
#define CELL_INTERFACE "org.cellmgr1.Cell"

struct turn;
struct unit_watch;

struct service {
	struct manager *manager;
	struct manager_listener listener; /* on it */
	sd_bus *bus;
	struct unit_watch *units;
	struct turn *turns; /* changes of the hypervisor: the one under way, and who waits */
	unsigned n_workers; /* under way */
};

#endif
