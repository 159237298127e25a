// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "manager.h"

#include <errno.h>
#include <string.h>

#include "cell-bus.h"
#include "cleanup.h"
#include "description-watch.h"
#include "hold.h"
#include "hypervisor-watch.h"
#include "log-control.h"
#include "log.h"
#include "manager-bus.h"
#include "turn.h"
#include "unit-watch.h"

struct cell_object *manager_find(struct manager *manager, const char *name)
{
	for (struct cell_object *cell = manager->cells; cell; cell = cell->next)
		if (strcmp(cell->facts.name, name) == 0)
			return cell;

	return NULL;
}

static void remove_gone(struct manager *manager, const struct facts_list *list)
{
	struct cell_object **link = &manager->cells;

	while (*link) {
		struct cell_object *cell = *link;

		if (facts_find(list, cell->facts.name)) {
			link = &cell->next;
			continue;
		}

		/* While it can still be found: sd-bus asks it for its interfaces. */
		sd_bus_emit_object_removed(manager->bus, cell->path);
		sd_bus_emit_signal(manager->bus, MANAGER_PATH, MANAGER_INTERFACE, "CellRemoved",
				   "so", cell->facts.name, cell->path);
		*link = cell->next;
		cell_object_free(cell);
	}
}

static int add_new(struct manager *manager, struct facts *facts)
{
	struct cell_object **link = &manager->cells, *cell;
	int r = cell_object_new(manager, facts, &cell);

	if (r < 0)
		return r;

	while (*link)
		link = &(*link)->next;
	*link = cell;

	sd_bus_emit_object_added(manager->bus, cell->path);
	sd_bus_emit_signal(manager->bus, MANAGER_PATH, MANAGER_INTERFACE, "CellNew", "so",
			   cell->facts.name, cell->path);
	return 0;
}

static void update_counts(struct manager *manager)
{
	struct cell_hv_info info = {0};
	const char *state = hypervisor_watch_ask(manager, &info);
	uint32_t n_cells = 0, n_failed = 0;

	for (struct cell_object *cell = manager->cells; cell; cell = cell->next) {
		n_cells += cell->facts.exists;
		n_failed += strcmp(cell->facts.state, "failed") == 0;
	}

	const struct {
		bool changed;
		const char *property;
	} table[] = {
		{strcmp(state, manager->hypervisor_state) != 0, "HypervisorState"},
		{n_cells != manager->n_cells, "NCells"},
		{n_failed != manager->n_failed_cells, "NFailedCells"},
		{info.pages_total != manager->pages_total || info.pages_used != manager->pages_used,
		 "MemoryPool"},
	};
	char *names[ARRAY_SIZE(table) + 1] = {NULL};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].changed)
			names[n++] = (char *)table[i].property;

	manager->hypervisor_state = state;
	manager->n_cells = n_cells;
	manager->n_failed_cells = n_failed;
	manager->pages_total = info.pages_total;
	manager->pages_used = info.pages_used;
	if (n > 0)
		sd_bus_emit_properties_changed_strv(manager->bus, MANAGER_PATH, MANAGER_INTERFACE,
						    names);
}

int manager_refresh(struct manager *manager)
{
	struct facts_list list;
	int r;

	hypervisor_watch_connect(manager);
	r = facts_collect(manager->context, manager->hv, &manager->summaries, unit_watch_state,
			  manager->units, &list);
	if (r < 0) {
		log_error("Cannot list the cells: %s", strerror(-r));
		return r;
	}

	remove_gone(manager, &list);
	for (size_t i = 0; i < list.n && r >= 0; i++) {
		struct cell_object *cell = manager_find(manager, list.items[i].name);

		if (cell)
			cell_object_update(cell, &list.items[i]);
		else
			r = add_new(manager, &list.items[i]);
	}
	update_counts(manager);
	hypervisor_watch_settle(manager);

	facts_list_free(&list);
	return r;
}

static void on_unit_change(void *userdata)
{
	manager_refresh(userdata);
}

static int connect_bus(struct manager *manager)
{
	int r = sd_bus_open_system(&manager->bus);

	if (r < 0)
		return r;
	/* Without its bus the daemon is of no use; systemd or the bus start the next one. */
	r = sd_bus_set_exit_on_disconnect(manager->bus, true);
	if (r < 0)
		return r;
	r = sd_bus_attach_event(manager->bus, manager->event, SD_EVENT_PRIORITY_NORMAL);
	if (r < 0)
		return r;
	r = unit_watch_new(manager->bus, on_unit_change, manager, &manager->units);
	if (r < 0)
		return r;
	r = sd_bus_add_object_manager(manager->bus, NULL, MANAGER_PATH);
	if (r < 0)
		return r;
	r = manager_bus_register(manager);
	if (r < 0)
		return r;
	r = cell_bus_register(manager);
	if (r < 0)
		return r;

	return log_control_register(manager->bus);
}

static int set_up(struct manager *manager)
{
	int r = sd_event_default(&manager->event);

	if (r < 0)
		return r;
	r = cell_context_new(&manager->context);
	if (r < 0)
		return r;
	cell_context_set_log_fn(manager->context, log_from_libcell, NULL);

	r = connect_bus(manager);
	if (r < 0)
		return r;
	r = hold_restore(manager);
	if (r < 0)
		return r;
	r = hypervisor_watch_device(manager);
	if (r < 0)
		return r;
	r = description_watch_begin(manager);
	if (r < 0)
		return r;

	return manager_refresh(manager);
}

int manager_new(struct manager **ret)
{
	struct manager *manager = calloc(1, sizeof(*manager));
	int r;

	if (!manager)
		return -ENOMEM;

	manager->hypervisor_state = "missing";
	r = set_up(manager);
	if (r < 0) {
		manager_free(manager);
		return r;
	}

	*ret = manager;
	return 0;
}

struct manager *manager_free(struct manager *manager)
{
	if (!manager)
		return NULL;

	while (manager->cells) {
		struct cell_object *next = manager->cells->next;

		cell_object_free(manager->cells);
		manager->cells = next;
	}
	summaries_free(&manager->summaries);
	unit_watch_free(manager->units);
	description_watch_end(manager);
	hold_free_all(manager);
	turn_free_all(manager);
	sd_event_source_disable_unref(manager->settle_timer);
	sd_event_source_disable_unref(manager->node_watch);
	sd_event_source_disable_unref(manager->device_watch);
	sd_event_source_disable_unref(manager->hv_source);
	sd_bus_flush_close_unref(manager->bus);
	cell_hv_unref(manager->hv);
	cell_context_unref(manager->context);
	sd_event_unref(manager->event);
	free(manager);
	return NULL;
}
