// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "bus.h"
#include "cleanup.h"
#include "exit-status.h"
#include "name.h"
#include "view.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

typedef int (*read_fn)(sd_bus_message *m, struct facts *facts);

static int read_name(sd_bus_message *m, struct facts *facts)
{
	const char *name;
	int r = sd_bus_message_read(m, "v", "s", &name);

	if (r >= 0)
		snprintf(facts->name, sizeof(facts->name), "%s", name);
	return r;
}

/* The states are strings of ours, which outlive the message. */
static int read_state(sd_bus_message *m, struct facts *facts)
{
	static const char *const states[] = {"defined",	 "starting", "running",	  "running/locked",
					     "stopping", "stopped",  "shut down", "failed"};
	const char *state;
	int r = sd_bus_message_read(m, "v", "s", &state);

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i], state) == 0)
			facts->state = states[i];
	return r;
}

static int read_config_path(sd_bus_message *m, struct facts *facts)
{
	const char *path;
	int r = sd_bus_message_read(m, "v", "s", &path);

	if (r >= 0) {
		free(facts->config_path);
		facts->config_path = strdup(path);
	}
	return r;
}

static int read_digest(sd_bus_message *m, struct facts *facts)
{
	const char *digest;
	int r = sd_bus_message_read(m, "v", "s", &digest);

	if (r >= 0)
		facts->digest = strtoull(digest, NULL, 16);
	return r;
}

static int read_description(sd_bus_message *m, struct facts *facts)
{
	const char *description;
	int r = sd_bus_message_read(m, "v", "s", &description);

	if (r >= 0) {
		free(facts->description);
		facts->description = strdup(description);
	}
	return r;
}

static int read_memory(sd_bus_message *m, struct facts *facts)
{
	return sd_bus_message_read(m, "v", "t", &facts->memory);
}

/* The other clock is that of another machine, maybe. */
static int read_start(sd_bus_message *m, struct facts *facts)
{
	return sd_bus_message_read(m, "v", "t", &facts->started_realtime);
}

static int read_id(sd_bus_message *m, struct facts *facts)
{
	int r = sd_bus_message_read(m, "v", "u", &facts->id);

	facts->exists = facts->id != 0;
	return r;
}

static int read_managed(sd_bus_message *m, struct facts *facts)
{
	int managed = 0, r = sd_bus_message_read(m, "v", "b", &managed);

	facts->managed = managed;
	return r;
}

static int read_cpus(sd_bus_message *m, struct facts *facts)
{
	const void *cpus;
	size_t size;
	int r = sd_bus_message_enter_container(m, 'v', "au");

	if (r >= 0)
		r = sd_bus_message_read_array(m, 'u', &cpus, &size);
	if (r < 0)
		return r;

	if (size > sizeof(facts->cpus))
		size = sizeof(facts->cpus);
	if (size > 0)
		memcpy(facts->cpus, cpus, size);
	facts->n_cpus = size / sizeof(facts->cpus[0]);
	return sd_bus_message_exit_container(m);
}

static int read_devices(sd_bus_message *m, struct facts *facts)
{
	int r = sd_bus_message_enter_container(m, 'v', "as");

	if (r < 0)
		return r;
	facts->devices = cell_strv_free(facts->devices);
	r = sd_bus_message_read_strv(m, &facts->devices);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_result(sd_bus_message *m, struct facts *facts)
{
	const char *result;
	int r = sd_bus_message_read(m, "v", "s", &result);

	if (r >= 0)
		snprintf(facts->last.result, sizeof(facts->last.result), "%s", result);
	return r;
}

static int read_detail(sd_bus_message *m, const char *key, struct record *last)
{
	const char *text = "";
	int r;

	if (strcmp(key, "cpu") == 0)
		return sd_bus_message_read(m, "v", "u", &last->cpu);
	if (strcmp(key, "rip") == 0)
		return sd_bus_message_read(m, "v", "t", &last->rip);
	if (strcmp(key, "address") == 0)
		return sd_bus_message_read(m, "v", "t", &last->address);
	if (strcmp(key, "detail") == 0)
		return sd_bus_message_read(m, "v", "t", &last->detail);

	r = sd_bus_message_read(m, "v", "s", &text);
	if (strcmp(key, "reason") == 0)
		snprintf(last->reason, sizeof(last->reason), "%s", text);
	else
		snprintf(last->message, sizeof(last->message), "%s", text);
	return r;
}

static int read_details(sd_bus_message *m, struct facts *facts)
{
	const char *key;
	int r = sd_bus_message_enter_container(m, 'v', "a{sv}");

	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &key);
		if (r >= 0)
			r = read_detail(m, key, &facts->last);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static const struct {
	const char *property;
	read_fn read;
} readers[] = {
	{"Name", read_name},
	{"State", read_state},
	{"ConfigPath", read_config_path},
	{"ConfigDigest", read_digest},
	{"Id", read_id},
	{"Managed", read_managed},
	{"CPUs", read_cpus},
	{"Devices", read_devices},
	{"Result", read_result},
	{"FailureDetails", read_details},
	{"Description", read_description},
	{"Memory", read_memory},
	{"StartTimestamp", read_start},
};

static int read_property(sd_bus_message *m, struct facts *facts)
{
	const char *property;
	int r = sd_bus_message_read(m, "s", &property);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		if (strcmp(readers[i].property, property) == 0)
			return readers[i].read(m, facts);

	return sd_bus_message_skip(m, "v");
}

/* a{sv} of the interface Cell. */
static int read_properties(sd_bus_message *m, struct facts_list *list)
{
	struct facts *facts;
	int r = facts_add(list, "", "", &facts);

	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_property(m, facts);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}

	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* a{sa{sv}}: the interfaces of one object. */
static int read_interfaces(sd_bus_message *m, struct facts_list *list)
{
	const char *interface;
	int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		r = sd_bus_message_read(m, "s", &interface);
		if (r >= 0 && strcmp(interface, CELLMGR_CELL) == 0)
			r = read_properties(m, list);
		else if (r >= 0)
			r = sd_bus_message_skip(m, "a{sv}");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}

	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_objects(sd_bus_message *m, struct facts_list *list)
{
	int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
		r = sd_bus_message_skip(m, "o");
		if (r >= 0)
			r = read_interfaces(m, list);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}

	return r;
}

int view_read_bus(struct ctl *ctl, struct view *ret)
{
	CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	CLEANUP_FREE char *state = NULL;
	sd_bus *bus;
	int r = bus_connect(ctl, &bus);

	if (r != EXIT_OK)
		return r;

	/* ListCells is what looks at the kernel again; the objects are what it found. */
	r = sd_bus_call_method(bus, CELLMGR_NAME, CELLMGR_PATH, CELLMGR_MANAGER, "ListCells",
			       &error, NULL, "");
	if (r >= 0)
		r = sd_bus_call_method(bus, CELLMGR_NAME, CELLMGR_PATH,
				       "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
				       &error, &reply, "");
	if (r >= 0)
		r = read_objects(reply, &ret->cells);
	if (r >= 0)
		r = sd_bus_get_property_string(bus, CELLMGR_NAME, CELLMGR_PATH, CELLMGR_MANAGER,
					       "HypervisorState", &error, &state);
	if (r >= 0)
		r = sd_bus_get_property_string(bus, CELLMGR_NAME, CELLMGR_PATH, CELLMGR_MANAGER,
					       "RootCPUs", &error, &ret->root_cpus);
	if (r < 0)
		return bus_fail(&error, r);

	ret->enabled = strcmp(state, "enabled") == 0;
	return EXIT_OK;
}

/* The names outlive the message: reasons are few, and are kept for the life of the process. */
static const char *keep(const char *name)
{
	static char *kept[CELL_N_STATS_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		if (!kept[i])
			kept[i] = strdup(name);
		if (!kept[i] || strcmp(kept[i], name) == 0)
			return kept[i] ? kept[i] : "?";
	}

	return "other";
}

int view_stats_bus(struct ctl *ctl, const char *name, unsigned cpu,
		   struct cell_stat ret_stats[CELL_N_STATS_MAX])
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL, *reply = NULL;
	const char *reason;
	uint64_t count;
	int n = 0, r = bus_new_call(ctl, name, "GetCPUStatistics", &m);

	if (r != EXIT_OK)
		return -1;
	r = sd_bus_message_append(m, "u", cpu);
	if (r < 0 || bus_call(ctl, m, &reply) != EXIT_OK)
		return -1;

	r = sd_bus_message_enter_container(reply, 'a', "{st}");
	while (r >= 0 && n < CELL_N_STATS_MAX &&
	       (r = sd_bus_message_read(reply, "{st}", &reason, &count)) > 0)
		ret_stats[n++] = (struct cell_stat){keep(reason), count};

	return r < 0 ? -1 : n;
}
