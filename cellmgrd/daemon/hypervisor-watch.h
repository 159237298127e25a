/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_HYPERVISOR_WATCH_H
#define CELLMGRD_HYPERVISOR_WATCH_H

struct manager;

/* Opens the driver where it is there now; manager->hv stays NULL where it is not. */
void hypervisor_watch_connect(struct manager *manager);

/* "missing" (no driver), "disabled" or "enabled". */
const char *hypervisor_watch_state(struct manager *manager);

/* Refreshes when the device node comes, so that a module loaded later is found unasked. */
int hypervisor_watch_device(struct manager *manager);

#endif
