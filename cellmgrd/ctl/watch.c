// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "watch.h"

#include <string.h>

#include "cleanup.h"
#include "exit-status.h"

/* Of sa{sv}as, what State has become. */
static int on_properties(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	CLEANUP_FREE char *name = NULL;
	struct watch *watch = userdata;
	const char *interface, *property, *state = NULL;

	(void)error;
	if (sd_bus_path_decode(sd_bus_message_get_path(m), CELLMGR_CELL_PREFIX, &name) <= 0 ||
	    sd_bus_message_read(m, "s", &interface) < 0 ||
	    sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
		return 0;

	while (!state && sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		if (sd_bus_message_read(m, "s", &property) < 0)
			return 0;
		if (strcmp(property, "State") == 0)
			sd_bus_message_read(m, "v", "s", &state);
		else
			sd_bus_message_skip(m, "v");
		sd_bus_message_exit_container(m);
	}
	if (state)
		watch->fn(watch->userdata, name, state);

	return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct watch *watch = userdata;
	const char *name;

	(void)error;
	if (sd_bus_message_read(m, "so", &name, NULL) >= 0)
		watch->fn(watch->userdata, name, NULL);
	return 0;
}

static int on_new(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct watch *watch = userdata;

	(void)m, (void)error;
	watch->lost = true;
	return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct watch *watch = userdata;

	(void)m, (void)error;
	watch->lost = true;
	return 0;
}

static int read_cells(struct watch *watch, sd_bus_message *reply)
{
	const char *name, *state;
	int r = sd_bus_message_enter_container(reply, 'a', "(ssso)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(ssso)", &name, &state, NULL, NULL)) > 0)
		watch->fn(watch->userdata, name, state);

	return r < 0 ? bus_fail(NULL, r) : EXIT_OK;
}

static int look(struct watch *watch)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL, *reply = NULL;
	int r = bus_new_call(watch->ctl, NULL, "ListCells", &m);

	if (r == EXIT_OK)
		r = bus_call(watch->ctl, m, &reply);

	return r == EXIT_OK ? read_cells(watch, reply) : r;
}

/*
 * The daemon has gone or come. It is not started for this: who has stopped it wants it stopped,
 * and the change of owner when it comes back brings us here again.
 */
static int look_again(struct watch *watch)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL, *reply = NULL;
	int r = bus_new_call(watch->ctl, NULL, "ListCells", &m);

	watch->lost = false;
	if (r != EXIT_OK)
		return r;
	r = sd_bus_message_set_auto_start(m, false);
	if (r >= 0)
		r = sd_bus_call(watch->bus, m, 0, NULL, &reply);

	return r < 0 ? EXIT_OK : read_cells(watch, reply);
}

int watch_begin(struct watch *watch, struct ctl *ctl, watch_fn fn, void *userdata)
{
	int r;

	*watch = (struct watch){.ctl = ctl, .fn = fn, .userdata = userdata};
	r = bus_connect(ctl, &watch->bus);
	if (r != EXIT_OK)
		return r;

	r = sd_bus_add_match(watch->bus, NULL,
			     "type='signal',sender='" CELLMGR_NAME
			     "',interface='org.freedesktop.DBus.Properties',"
			     "member='PropertiesChanged',path_namespace='" CELLMGR_CELL_PREFIX "'",
			     on_properties, watch);
	if (r >= 0)
		r = sd_bus_match_signal(watch->bus, NULL, CELLMGR_NAME, CELLMGR_PATH,
					CELLMGR_MANAGER, "CellNew", on_new, watch);
	if (r >= 0)
		r = sd_bus_match_signal(watch->bus, NULL, CELLMGR_NAME, CELLMGR_PATH,
					CELLMGR_MANAGER, "CellRemoved", on_removed, watch);
	if (r >= 0)
		r = sd_bus_add_match(watch->bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "member='NameOwnerChanged',arg0='" CELLMGR_NAME "'",
				     on_owner, watch);

	return r < 0 ? bus_fail(NULL, r) : look(watch);
}

int watch_process(struct watch *watch, uint64_t usec)
{
	int r = bus_process(watch->bus, usec);

	if (r < 0)
		return bus_fail(NULL, r);
	return watch->lost ? look_again(watch) : EXIT_OK;
}
