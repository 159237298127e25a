// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "connection.h"

#include <errno.h>

#include "cell-bus.h"
#include "cleanup.h"
#include "log-control.h"
#include "manager-bus.h"
#include "service.h"
#include "turn.h"
#include "unit-watch.h"

static void on_added(void *userdata, const struct cell_object *cell)
{
	cell_bus_added(userdata, cell);
}

static void on_removed(void *userdata, const struct cell_object *cell)
{
	cell_bus_removed(userdata, cell);
}

static void on_cell_changed(void *userdata, const struct cell_object *cell, unsigned facts)
{
	cell_bus_changed(userdata, cell, facts);
}

static void on_changed(void *userdata, unsigned facts)
{
	manager_bus_changed(userdata, facts);
}

static const char *unit_state(const void *userdata, const char *name)
{
	return unit_watch_state(((const struct service *)userdata)->units, name);
}

static void on_unit_change(void *userdata)
{
	manager_refresh(((struct service *)userdata)->manager);
}

static int connect_bus(struct service *service)
{
	int r = sd_bus_open_system(&service->bus);

	if (r < 0)
		return r;
	/* Without its bus the daemon is of no use; systemd or the bus start the next one. */
	r = sd_bus_set_exit_on_disconnect(service->bus, true);
	if (r < 0)
		return r;

	return sd_bus_attach_event(service->bus, service->manager->event, SD_EVENT_PRIORITY_NORMAL);
}

static int register_all(struct service *service)
{
	int r = unit_watch_new(service->bus, on_unit_change, service, &service->units);

	if (r < 0)
		return r;
	r = sd_bus_add_object_manager(service->bus, NULL, MANAGER_PATH);
	if (r < 0)
		return r;
	r = manager_bus_register(service);
	if (r < 0)
		return r;
	r = cell_bus_register(service);
	if (r < 0)
		return r;

	return log_control_register(service->bus);
}

int connection_new(struct manager *manager, struct service **ret)
{
	struct service *service = calloc(1, sizeof(*service));
	int r;

	if (!service)
		return -ENOMEM;

	service->manager = manager;
	service->listener = (struct manager_listener){
		.added = on_added,
		.removed = on_removed,
		.cell_changed = on_cell_changed,
		.changed = on_changed,
		.unit_state = unit_state,
		.userdata = service,
	};
	r = connect_bus(service);
	if (r >= 0)
		r = register_all(service);
	if (r >= 0)
		r = manager_begin(manager, &service->listener);
	if (r < 0) {
		connection_free(service);
		return r;
	}

	*ret = service;
	return 0;
}

struct service *connection_free(struct service *service)
{
	if (!service)
		return NULL;

	unit_watch_free(service->units);
	turn_free_all(service);
	sd_bus_flush_close_unref(service->bus);
	free(service);
	return NULL;
}

int connection_open(struct service *service)
{
	return sd_bus_request_name(service->bus, BUS_NAME, 0);
}
