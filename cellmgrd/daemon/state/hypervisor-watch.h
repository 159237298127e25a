/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to the driver. It is kept while the hypervisor is enabled; while it is disabled
 * nobody needs the module, so the daemon lets go of it (`rmmod` works) and looks again when
 * somebody else opens the device.
 */
#ifndef CELLMGRD_HYPERVISOR_WATCH_H
#define CELLMGRD_HYPERVISOR_WATCH_H

#include <systemd/sd-event.h>

#include "cell.h"

struct hypervisor_watch;
typedef void (*hypervisor_watch_fn)(void *userdata);

/* fn is called when it is time to look again: the device has news, or has come. */
int hypervisor_watch_new(sd_event *event, cell_context *context, hypervisor_watch_fn fn,
			 void *userdata, struct hypervisor_watch **ret);
struct hypervisor_watch *hypervisor_watch_free(struct hypervisor_watch *watch);

/* Opens the driver where somebody uses it. */
void hypervisor_watch_connect(struct hypervisor_watch *watch);

/* The driver, or NULL where nobody uses it. */
cell_hv *hypervisor_watch_driver(const struct hypervisor_watch *watch);

/* Whether there is a driver to open; the module may be installed without. */
bool hypervisor_watch_is_loaded(const struct hypervisor_watch *watch);

/* "missing" (no module), "disabled" or "enabled"; *ret only where it is enabled. */
const char *hypervisor_watch_ask(struct hypervisor_watch *watch, struct cell_hv_info *ret);

/* After each look: lets go of a driver that nobody else uses, watches what needs to be watched. */
void hypervisor_watch_settle(struct hypervisor_watch *watch, bool is_disabled);

#endif
