// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "unit-watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "log.h"
#include "name.h"
#include "systemd-call.h"

#define UNIT_PREFIX SYSTEMD_PATH "/unit"

struct unit {
	char name[32];
	char state[16];
};

struct unit_watch {
	sd_bus *bus;
	sd_bus_slot *match;
	unit_watch_fn fn;
	void *userdata;
	struct unit *units;
	size_t n;
};

static struct unit *find(const struct unit_watch *watch, const char *name)
{
	for (size_t i = 0; i < watch->n; i++)
		if (strcmp(watch->units[i].name, name) == 0)
			return &watch->units[i];

	return NULL;
}

const char *unit_watch_state(const void *watch, const char *name)
{
	const struct unit *unit = find(watch, name);

	return unit ? unit->state : "inactive";
}

/* Whether that is news. */
static bool set_state(struct unit_watch *watch, const char *unit_name, const char *state)
{
	CLEANUP_FREE char *name = name_from_unit(unit_name);
	struct unit *unit = name ? find(watch, name) : NULL;

	if (!name || strcmp(unit_watch_state(watch, name), state) == 0)
		return false;

	if (!unit) {
		struct unit *units = reallocarray(watch->units, watch->n + 1, sizeof(*units));

		if (!units)
			return false;
		watch->units = units;
		unit = &units[watch->n++];
		snprintf(unit->name, sizeof(unit->name), "%s", name);
	}
	snprintf(unit->state, sizeof(unit->state), "%s", state);
	return true;
}

/* Reads ActiveState out of a{sv}; 0 where it is not among the changes. */
static int read_active_state(sd_bus_message *m, const char **ret)
{
	const char *property, *state;
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	if (r < 0)
		return r;

	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &property);
		if (r < 0)
			return r;
		if (strcmp(property, "ActiveState") == 0) {
			r = sd_bus_message_read(m, "v", "s", &state);
			if (r > 0)
				*ret = state;
			return r;
		}
		r = sd_bus_message_skip(m, "v");
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}

	return r;
}

static int on_properties_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct unit_watch *watch = userdata;
	CLEANUP_FREE char *unit = NULL;
	const char *interface, *state;

	(void)error;
	if (sd_bus_path_decode(sd_bus_message_get_path(m), UNIT_PREFIX, &unit) <= 0)
		return 0;
	if (strncmp(unit, "cell@", strlen("cell@")) != 0)
		return 0;
	if (sd_bus_message_read(m, "s", &interface) < 0 || read_active_state(m, &state) <= 0)
		return 0;

	if (set_state(watch, unit, state))
		watch->fn(watch->userdata);
	return 0;
}

static int on_units_listed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct unit_watch *watch = userdata;
	const char *unit, *state;

	(void)error;
	if (sd_bus_message_is_method_error(m, NULL)) {
		log_notice("systemd does not answer (%s); units are taken as inactive.",
			   sd_bus_message_get_error(m)->message);
		return 0;
	}

	if (sd_bus_message_enter_container(m, 'a', "(ssssssouso)") < 0)
		return 0;
	while (sd_bus_message_read(m, "(ssssssouso)", &unit, NULL, NULL, &state, NULL, NULL, NULL,
				   NULL, NULL, NULL) > 0)
		set_state(watch, unit, state);

	watch->fn(watch->userdata);
	return 0;
}

/* The match comes before the list, so that a change in between is seen twice rather than never. */
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

	return sd_bus_call_method_async(watch->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH,
					SYSTEMD_MANAGER, "ListUnitsByPatterns", on_units_listed,
					watch, "asas", 0, 1, "cell@*.service");
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
	free(watch->units);
	free(watch);
	return NULL;
}
