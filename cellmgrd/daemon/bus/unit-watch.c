// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "unit-watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "log.h"
#include "systemd-call.h"
#include "unit-list.h"

#define UNIT_PREFIX SYSTEMD_PATH "/unit"

struct unit_watch {
	sd_bus *bus;
	sd_bus_slot *match;
	unit_watch_fn fn;
	void *userdata;
	struct unit_list units;
};

const char *unit_watch_state(const void *watch, const char *name)
{
	return unit_list_state(&((const struct unit_watch *)watch)->units, name);
}

/* Of a{sv}, the two properties that count; ret_state stays NULL where it is not among the changes.
 */
static int read_states(sd_bus_message *m, const char **ret_state, const char **ret_sub)
{
	const char *property;
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &property);
		if (r >= 0 && strcmp(property, "ActiveState") == 0)
			r = sd_bus_message_read(m, "v", "s", ret_state);
		else if (r >= 0 && strcmp(property, "SubState") == 0)
			r = sd_bus_message_read(m, "v", "s", ret_sub);
		else if (r >= 0)
			r = sd_bus_message_skip(m, "v");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}

	return r;
}

static int on_properties_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct unit_watch *watch = userdata;
	CLEANUP_FREE char *unit = NULL;
	const char *interface, *state = NULL, *sub = "";

	(void)error;
	if (sd_bus_path_decode(sd_bus_message_get_path(m), UNIT_PREFIX, &unit) <= 0)
		return 0;
	if (strncmp(unit, "cell@", strlen("cell@")) != 0)
		return 0;
	if (sd_bus_message_read(m, "s", &interface) < 0 || read_states(m, &state, &sub) < 0)
		return 0;

	if (state && unit_list_set(&watch->units, unit, state, sub))
		watch->fn(watch->userdata);
	return 0;
}

/*
 * The match comes before the list, so that a change in between is seen twice rather than never. The
 * list is waited for: without it nothing that could be published is known to be true.
 */
static int subscribe(struct unit_watch *watch)
{
	int r = sd_bus_add_match_async(
		watch->bus, &watch->match,
		"type='signal',sender='" SYSTEMD_NAME "',path_namespace='" UNIT_PREFIX "',"
		"interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"
		"arg0='org.freedesktop.systemd1.Unit'",
		on_properties_changed, NULL, watch);
	if (r < 0)
		return r;

	/* Without a subscriber systemd emits nothing; the answer has no news. */
	r = sd_bus_call_method_async(watch->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
				     "Subscribe", NULL, NULL, "");
	if (r < 0)
		return r;

	r = unit_list_read(&watch->units, watch->bus);
	if (r < 0)
		log_error("systemd does not tell its units: %s", strerror(-r));
	return r;
}

int unit_watch_new(sd_bus *bus, unit_watch_fn fn, void *userdata, struct unit_watch **ret)
{
	struct unit_watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch)
		return -ENOMEM;

	watch->bus = sd_bus_ref(bus);
	watch->fn = fn;
	watch->userdata = userdata;
	r = subscribe(watch);
	if (r < 0) {
		unit_watch_free(watch);
		return r;
	}

	*ret = watch;
	return 0;
}

struct unit_watch *unit_watch_free(struct unit_watch *watch)
{
	if (!watch)
		return NULL;

	sd_bus_slot_unref(watch->match);
	sd_bus_unref(watch->bus);
	unit_list_free(&watch->units);
	free(watch);
	return NULL;
}
