// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "manager.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "description-watch.h"
#include "hypervisor-watch.h"
#include "log.h"

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

		manager->listener->removed(manager->listener->userdata, cell);
		*link = cell->next;
		cell_object_free(cell);
	}
}

static int add_new(struct manager *manager, struct facts *facts)
{
	struct cell_object **link = &manager->cells, *cell;
	int r = cell_object_new(facts, &cell);

	if (r < 0)
		return r;

	while (*link)
		link = &(*link)->next;
	*link = cell;

	manager->listener->added(manager->listener->userdata, cell);
	return 0;
}

static void update(struct manager *manager, struct cell_object *cell, struct facts *facts)
{
	unsigned changed = cell_object_update(cell, facts);

	if (changed)
		manager->listener->cell_changed(manager->listener->userdata, cell, changed);
}

static void update_counts(struct manager *manager)
{
	struct cell_hv_info info = {0};
	const char *state = hypervisor_watch_ask(manager->hypervisor, &info);
	uint32_t n_cells = 0, n_failed = 0;

	for (struct cell_object *cell = manager->cells; cell; cell = cell->next) {
		n_cells += cell->facts.exists;
		n_failed += strcmp(cell->facts.state, "failed") == 0;
	}

	const bool changed[MANAGER_N_FACTS] = {
		[MANAGER_FACT_HYPERVISOR] = strcmp(state, manager->hypervisor_state) != 0,
		[MANAGER_FACT_N_CELLS] = n_cells != manager->n_cells,
		[MANAGER_FACT_N_FAILED] = n_failed != manager->n_failed_cells,
		[MANAGER_FACT_POOL] = info.pages_total != manager->pages_total ||
				      info.pages_used != manager->pages_used,
	};
	unsigned mask = 0;

	for (unsigned i = 0; i < MANAGER_N_FACTS; i++)
		mask |= (unsigned)changed[i] << i;

	manager->hypervisor_state = state;
	manager->n_cells = n_cells;
	manager->n_failed_cells = n_failed;
	manager->pages_total = info.pages_total;
	manager->pages_used = info.pages_used;
	if (mask)
		manager->listener->changed(manager->listener->userdata, mask);
}

int manager_refresh(struct manager *manager)
{
	struct facts_list list;
	int r;

	hypervisor_watch_connect(manager->hypervisor);
	r = facts_collect(manager->context, manager_driver(manager), &manager->summaries,
			  manager->listener->unit_state, manager->listener->userdata, &list);
	if (r < 0) {
		log_error("Cannot list the cells: %s", strerror(-r));
		return r;
	}

	remove_gone(manager, &list);
	for (size_t i = 0; i < list.n && r >= 0; i++) {
		struct cell_object *cell = manager_find(manager, list.items[i].name);

		if (cell)
			update(manager, cell, &list.items[i]);
		else
			r = add_new(manager, &list.items[i]);
	}
	update_counts(manager);
	hypervisor_watch_settle(manager->hypervisor,
				strcmp(manager->hypervisor_state, "disabled") == 0);

	facts_list_free(&list);
	return r;
}

cell_hv *manager_driver(const struct manager *manager)
{
	return hypervisor_watch_driver(manager->hypervisor);
}

bool manager_has_module(const struct manager *manager)
{
	return hypervisor_watch_is_loaded(manager->hypervisor);
}

static void on_news(void *userdata)
{
	manager_refresh(userdata);
}

int manager_begin(struct manager *manager, const struct manager_listener *listener)
{
	int r;

	manager->listener = listener;
	r = hold_restore(&manager->holds, manager->event);
	if (r < 0)
		return r;
	r = hypervisor_watch_new(manager->event, manager->context, on_news, manager,
				 &manager->hypervisor);
	if (r < 0)
		return r;
	r = description_watch_new(manager->event, on_news, manager, &manager->descriptions);
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
	r = sd_event_default(&manager->event);
	if (r >= 0)
		r = cell_context_new(&manager->context);
	if (r < 0) {
		manager_free(manager);
		return r;
	}

	cell_context_set_log_fn(manager->context, log_from_libcell, NULL);
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
	description_watch_free(manager->descriptions);
	hypervisor_watch_free(manager->hypervisor);
	hold_free_all(&manager->holds);
	cell_context_unref(manager->context);
	sd_event_unref(manager->event);
	free(manager);
	return NULL;
}
