/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state: what is true of this machine's cells and hypervisor, as it was last seen. It knows of
 * no bus; whoever shows it to others registers as its listener and reads it.
 */
#ifndef CELLMGRD_MANAGER_H
#define CELLMGRD_MANAGER_H

#include <systemd/sd-event.h>

#include "cell-object.h"
#include "cell.h"
#include "hold.h"
#include "summary.h"

/* What may change of the machine; a set of them is a mask of bits. */
enum manager_fact {
	MANAGER_FACT_HYPERVISOR,
	MANAGER_FACT_N_CELLS,
	MANAGER_FACT_N_FAILED,
	MANAGER_FACT_POOL,
	MANAGER_N_FACTS,
};

/* Each is called as soon as it is true. */
struct manager_listener {
	void (*added)(void *userdata, const struct cell_object *cell);
	void (*removed)(void *userdata, const struct cell_object *cell); /* it is still found */
	void (*cell_changed)(void *userdata, const struct cell_object *cell, unsigned facts);
	void (*changed)(void *userdata, unsigned facts);

	/* What the units do, for facts_collect(). */
	facts_unit_fn unit_state;
	void *userdata; /* of all */
};

/* Nothing in here outlives or overrules the kernel's truth. */
struct manager {
	sd_event *event;
	cell_context *context;
	const struct manager_listener *listener;
	struct hypervisor_watch *hypervisor;
	struct description_watch *descriptions;
	struct summaries summaries;
	struct holds holds;
	struct cell_object *cells; /* list, in order of discovery */
	const char *hypervisor_state;
	uint32_t n_cells;	 /* that exist */
	uint32_t n_failed_cells; /* existing or not */
	uint32_t pages_total;	 /* of the hypervisor's pool */
	uint32_t pages_used;
};

/* Knows nothing yet. */
int manager_new(struct manager **ret);
struct manager *manager_free(struct manager *manager);

/* Looks for the first time, and tells the listener from then on, unasked, too. */
int manager_begin(struct manager *manager, const struct manager_listener *listener);

/*
 * Asks kernel, directories and units again and tells what differs. Called on every event and before
 * every answer, so that signals go out ahead of the reply they explain.
 */
int manager_refresh(struct manager *manager);

/* NULL: no such cell. */
struct cell_object *manager_find(struct manager *manager, const char *name);

/* The driver; NULL while nobody uses it. */
cell_hv *manager_driver(const struct manager *manager);

/* Whether there is a driver to open; the module may be installed without. */
bool manager_has_module(const struct manager *manager);

#endif
