/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_MANAGER_H
#define CELLMGRD_MANAGER_H

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "cell.h"
#include "cell-object.h"

#define BUS_NAME "org.cellmgr1"
#define MANAGER_PATH "/org/cellmgr1"
#define MANAGER_INTERFACE "org.cellmgr1.Manager"
#define API_VERSION 1u

struct description_watch;
struct hold;
struct turn;
struct unit_watch;

/* The last published truth; nothing in here outlives or overrules the kernel's. */
struct manager {
	sd_event *event;
	sd_bus *bus;
	cell_context *context;
	cell_hv *hv; /* NULL while the module is missing */
	sd_event_source *hv_source;
	sd_event_source *device_watch;
	sd_event_source *node_watch; /* who opens and closes the device; NULL while enabled */
	sd_event_source *settle_timer;
	struct description_watch *description_watches;
	sd_event_source *description_timer;
	struct unit_watch *units;
	struct summaries summaries;
	struct cell_object *cells; /* list, in order of discovery */
	const char *hypervisor_state;
	uint32_t n_cells;	 /* that exist */
	uint32_t n_failed_cells; /* existing or not */
	uint32_t pages_total;	 /* of the hypervisor's pool */
	uint32_t pages_used;
	struct hold *holds;
	struct turn *turns; /* changes of the hypervisor: the one under way, and who waits */
	unsigned n_workers; /* under way */
};

int manager_new(struct manager **ret);
struct manager *manager_free(struct manager *manager);

/*
 * Asks kernel, directories and systemd again and publishes what differs. Called on every event and
 * before every answer, so that signals go out ahead of the reply they explain.
 */
int manager_refresh(struct manager *manager);

/* NULL: no such cell. */
struct cell_object *manager_find(struct manager *manager, const char *name);

#endif
