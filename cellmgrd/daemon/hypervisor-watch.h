/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to the driver. It is kept while the hypervisor is enabled; while it is disabled
 * nobody needs the module, so the daemon lets go of it (`rmmod` works) and looks again when
 * somebody else opens the device.
 */
#ifndef CELLMGRD_HYPERVISOR_WATCH_H
#define CELLMGRD_HYPERVISOR_WATCH_H

#include "cell.h"

struct manager;

/* Opens the driver where somebody uses it; manager->hv stays NULL where nobody does. */
void hypervisor_watch_connect(struct manager *manager);

/* Whether there is a driver to open; the module may be installed without. */
bool hypervisor_watch_is_loaded(const struct manager *manager);

/* "missing" (no module), "disabled" or "enabled"; *ret only where it is enabled. */
const char *hypervisor_watch_ask(struct manager *manager, struct cell_hv_info *ret);

/* After each look: lets go of a driver that nobody else uses, watches what needs to be watched. */
void hypervisor_watch_settle(struct manager *manager);

/* Refreshes when the device node comes, so that a module loaded later is found unasked. */
int hypervisor_watch_device(struct manager *manager);

#endif
