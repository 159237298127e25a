// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "cell-bus.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cell-path.h"
#include "cleanup.h"
#include "hold-bus.h"
#include "service.h"
#include "operation.h"

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret,
		sd_bus_error *error)
{
	CLEANUP_FREE char *name = NULL;
	struct cell_object *cell;

	(void)bus, (void)interface, (void)error;
	if (sd_bus_path_decode(path, CELL_PATH_PREFIX, &name) <= 0)
		return 0;
	cell = manager_find(((struct service *)userdata)->manager, name);
	if (!cell)
		return 0;

	*ret = cell;
	return 1;
}

/* The service that the vtable was registered for: what it is called with is the cell. */
static struct service *service_of(sd_bus_message *m)
{
	return sd_bus_slot_get_userdata(sd_bus_get_current_slot(sd_bus_message_get_bus(m)));
}

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret,
		     sd_bus_error *error)
{
	struct service *service = userdata;
	char **paths;
	size_t n = 0;

	(void)bus, (void)prefix, (void)error;
	for (struct cell_object *cell = service->manager->cells; cell; cell = cell->next)
		n++;

	paths = calloc(n + 1, sizeof(*paths));
	if (!paths)
		return -ENOMEM;

	n = 0;
	for (struct cell_object *cell = service->manager->cells; cell; cell = cell->next) {
		if (cell_path(cell, &paths[n++]) < 0) {
			cell_strv_free(paths);
			return -ENOMEM;
		}
	}

	*ret = paths;
	return 1;
}

static int get_facts_string(sd_bus *bus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	const struct facts *facts = &((const struct cell_object *)userdata)->facts;
	char digest[17] = "";
	const char *value = strcmp(property, "Name") == 0     ? facts->name
			    : strcmp(property, "Result") == 0 ? facts->last.result
							      : digest;

	(void)bus, (void)path, (void)interface, (void)error;
	if (facts->digest)
		snprintf(digest, sizeof(digest), "%016" PRIx64, facts->digest);
	return sd_bus_message_append(reply, "s", value);
}

static int get_managed(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "b",
				     ((const struct cell_object *)userdata)->facts.managed);
}

static int get_failure(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct record *last = &((const struct cell_object *)userdata)->facts.last;

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	if (!*last->reason && !*last->message)
		return sd_bus_message_append(reply, "a{sv}", 0);

	if (!record_is_of_guest(last))
		return sd_bus_message_append(reply, "a{sv}", 2, "reason", "s", last->reason,
					     "message", "s", last->message);

	return sd_bus_message_append(reply, "a{sv}", 6, "reason", "s", last->reason, "message", "s",
				     last->message, "cpu", "u", last->cpu, "rip", "t", last->rip,
				     "address", "t", last->address, "detail", "t", last->detail);
}

static int get_cpus(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct facts *facts = &((const struct cell_object *)userdata)->facts;

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append_array(reply, 'u', facts->cpus,
					   facts->n_cpus * sizeof(facts->cpus[0]));
}

static int get_failed_cpus(sd_bus *bus, const char *path, const char *interface,
			   const char *property, sd_bus_message *reply, void *userdata,
			   sd_bus_error *error)
{
	const struct facts *facts = &((const struct cell_object *)userdata)->facts;

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append_array(reply, 'u', &facts->last.cpu,
					   facts_has_failed(facts) ? sizeof(facts->last.cpu) : 0);
}

static int get_devices(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append_strv(reply,
					  ((const struct cell_object *)userdata)->facts.devices);
}

/* cpu: one of them, or -1 for all. A cell that does not exist has no statistics. */
static int append_stats(sd_bus_message *reply, const struct service *service,
			const struct cell_object *cell, int cpu)
{
	struct cell_stat stats[CELL_N_STATS_MAX];
	size_t n = 0;
	int r = cell_object_stats(cell, manager_driver(service->manager), cpu, stats, &n);

	if (r < 0 && r != -ENOENT)
		return r;
	r = sd_bus_message_open_container(reply, 'a', "{st}");
	if (r < 0)
		return r;

	for (size_t i = 0; i < n; i++) {
		r = sd_bus_message_append(reply, "{st}", stats[i].name, stats[i].count);
		if (r < 0)
			return r;
	}

	return sd_bus_message_close_container(reply);
}

static int get_stats(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)path, (void)interface, (void)property, (void)error;
	return append_stats(reply, sd_bus_slot_get_userdata(sd_bus_get_current_slot(bus)), userdata,
			    -1);
}

static int get_cpu_statistics(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	struct cell_object *cell = userdata;
	bool owned = false;
	uint32_t cpu;
	int r = sd_bus_message_read(m, "u", &cpu);

	if (r < 0)
		return r;
	for (size_t i = 0; i < cell->facts.n_cpus; i++)
		owned |= cell->facts.cpus[i] == cpu;
	if (!owned)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "CPU %u does not belong to cell \"%s\".", cpu,
					 cell->facts.name);

	r = sd_bus_message_new_method_return(m, &reply);
	if (r < 0)
		return r;
	r = append_stats(reply, service_of(m), cell, (int)cpu);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static json_object *describe_cpus(const unsigned *cpus, size_t n)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(array, json_object_new_int((int)cpus[i]));
	return array;
}

static json_object *describe_devices(char *const *names)
{
	json_object *array = json_object_new_array();

	while (names && *names)
		json_object_array_add(array, json_object_new_string(*names++));
	return array;
}

/* As the property FailureDetails; null where nothing failed. */
static json_object *describe_failure(const struct record *last)
{
	json_object *root;

	if (!*last->reason && !*last->message)
		return NULL;

	root = json_object_new_object();
	json_object_object_add(root, "reason", json_object_new_string(last->reason));
	json_object_object_add(root, "message", json_object_new_string(last->message));
	if (!record_is_of_guest(last))
		return root;

	json_object_object_add(root, "cpu", json_object_new_int64(last->cpu));
	json_object_object_add(root, "rip", json_object_new_uint64(last->rip));
	json_object_object_add(root, "address", json_object_new_uint64(last->address));
	json_object_object_add(root, "detail", json_object_new_uint64(last->detail));
	return root;
}

json_object *cell_bus_describe(const struct cell_object *cell)
{
	const struct facts *facts = &cell->facts;
	const struct record *last = &facts->last;
	json_object *root = json_object_new_object();
	CLEANUP_FREE char *path = NULL;
	char digest[17] = "";

	cell_path(cell, &path);
	if (facts->digest)
		snprintf(digest, sizeof(digest), "%016" PRIx64, facts->digest);
	json_object_object_add(root, "name", json_object_new_string(facts->name));
	json_object_object_add(root, "unit", json_object_new_string(cell->unit));
	json_object_object_add(root, "path", json_object_new_string(path ? path : ""));
	json_object_object_add(root, "state", json_object_new_string(facts->state));
	json_object_object_add(root, "stateChangeTimestamp",
			       json_object_new_uint64(cell->changed_realtime));
	json_object_object_add(root, "stateChangeTimestampMonotonic",
			       json_object_new_uint64(cell->changed_monotonic));
	json_object_object_add(root, "id", json_object_new_int((int)facts->id));
	json_object_object_add(root, "cpus", describe_cpus(facts->cpus, facts->n_cpus));
	json_object_object_add(root, "failedCPUs",
			       describe_cpus(&last->cpu, facts_has_failed(facts)));
	json_object_object_add(root, "devices", describe_devices(facts->devices));
	json_object_object_add(root, "configPath", json_object_new_string(facts->config_path));
	json_object_object_add(root, "configDigest", json_object_new_string(digest));
	json_object_object_add(root, "managed", json_object_new_boolean(facts->managed));
	json_object_object_add(root, "description", json_object_new_string(facts->description));
	json_object_object_add(root, "memory", json_object_new_uint64(facts->memory));
	json_object_object_add(root, "startTimestamp",
			       json_object_new_uint64(facts->started_realtime));
	json_object_object_add(root, "startTimestampMonotonic",
			       json_object_new_uint64(facts->started_monotonic));
	json_object_object_add(root, "result", json_object_new_string(last->result));
	json_object_object_add(root, "failureDetails", describe_failure(last));
	if (*last->message)
		json_object_object_add(root, "failure", json_object_new_string(last->message));

	return root;
}

static int describe(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	CLEANUP_JSON json_object *root = cell_bus_describe(userdata);

	(void)error;
	return sd_bus_reply_method_return(
		m, "s", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN));
}

static int list_holds(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	struct cell_object *cell = userdata;
	int r = sd_bus_message_new_method_return(m, &reply);

	(void)error;
	if (r >= 0)
		r = hold_bus_append(service_of(m), cell->facts.name, reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int change(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)userdata;
	return operation_run(service_of(m), m, error);
}

#define EMITS SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST
#define EXPLICIT SD_BUS_VTABLE_PROPERTY_EXPLICIT
#define ANYONE SD_BUS_VTABLE_UNPRIVILEGED
#define FIELD(name) offsetof(struct cell_object, name)

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Name", "s", get_facts_string, 0, CONSTANT),
	SD_BUS_PROPERTY("Unit", "s", NULL, FIELD(unit), CONSTANT),
	SD_BUS_PROPERTY("State", "s", NULL, FIELD(facts.state), EMITS),
	SD_BUS_PROPERTY("StateChangeTimestamp", "t", NULL, FIELD(changed_realtime), EMITS),
	SD_BUS_PROPERTY("StateChangeTimestampMonotonic", "t", NULL, FIELD(changed_monotonic),
			EMITS),
	SD_BUS_PROPERTY("Result", "s", get_facts_string, 0, EMITS),
	SD_BUS_PROPERTY("FailureDetails", "a{sv}", get_failure, 0, EMITS),
	SD_BUS_PROPERTY("Id", "u", NULL, FIELD(facts.id), EMITS),
	SD_BUS_PROPERTY("CPUs", "au", get_cpus, 0, EMITS),
	SD_BUS_PROPERTY("FailedCPUs", "au", get_failed_cpus, 0, EMITS),
	SD_BUS_PROPERTY("Devices", "as", get_devices, 0, EMITS),
	SD_BUS_PROPERTY("ConfigPath", "s", NULL, FIELD(facts.config_path), EMITS),
	SD_BUS_PROPERTY("ConfigDigest", "s", get_facts_string, 0, EMITS),
	SD_BUS_PROPERTY("Managed", "b", get_managed, 0, EMITS),
	SD_BUS_PROPERTY("Description", "s", NULL, FIELD(facts.description), EMITS),
	SD_BUS_PROPERTY("Memory", "t", NULL, FIELD(facts.memory), EMITS),
	SD_BUS_PROPERTY("StartTimestamp", "t", NULL, FIELD(facts.started_realtime), EMITS),
	SD_BUS_PROPERTY("StartTimestampMonotonic", "t", NULL, FIELD(facts.started_monotonic),
			EMITS),
	SD_BUS_PROPERTY("Statistics", "a{st}", get_stats, 0, EXPLICIT),
	SD_BUS_METHOD_WITH_ARGS("Start", SD_BUS_ARGS("s", mode), SD_BUS_RESULT("o", job), change,
				ANYONE),
	SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_ARGS("s", mode), SD_BUS_RESULT("o", job), change,
				ANYONE),
	SD_BUS_METHOD_WITH_ARGS("Restart", SD_BUS_ARGS("s", mode), SD_BUS_RESULT("o", job), change,
				ANYONE),
	SD_BUS_METHOD_WITH_ARGS("Destroy", SD_BUS_ARGS("t", flags), SD_BUS_NO_RESULT, change,
				ANYONE),
	SD_BUS_METHOD_WITH_ARGS("OpenConsole", SD_BUS_ARGS("t", flags), SD_BUS_RESULT("h", console),
				change, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("AttachConsole", SD_BUS_ARGS("t", flags),
				SD_BUS_RESULT("h", console), change, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("Hold", SD_BUS_ARGS("s", who, "s", why), SD_BUS_RESULT("h", hold),
				change, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("ListHolds", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sstu)", holds),
				list_holds, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("GetCPUStatistics", SD_BUS_ARGS("u", cpu),
				SD_BUS_RESULT("a{st}", statistics), get_cpu_statistics, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("Describe", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), describe,
				ANYONE),
	SD_BUS_VTABLE_END,
};

int cell_bus_register(struct service *service)
{
	int r = sd_bus_add_fallback_vtable(service->bus, NULL, CELL_PATH_PREFIX, CELL_INTERFACE,
					   vtable, find, service);

	if (r < 0)
		return r;

	return sd_bus_add_node_enumerator(service->bus, NULL, CELL_PATH_PREFIX, enumerate, service);
}

void cell_bus_added(struct service *service, const struct cell_object *cell)
{
	CLEANUP_FREE char *path = NULL;

	if (cell_path(cell, &path) < 0)
		return;
	sd_bus_emit_object_added(service->bus, path);
	sd_bus_emit_signal(service->bus, MANAGER_PATH, MANAGER_INTERFACE, "CellNew", "so",
			   cell->facts.name, path);
}

void cell_bus_removed(struct service *service, const struct cell_object *cell)
{
	CLEANUP_FREE char *path = NULL;

	if (cell_path(cell, &path) < 0)
		return;
	/* While it can still be found: sd-bus asks it for its interfaces. */
	sd_bus_emit_object_removed(service->bus, path);
	sd_bus_emit_signal(service->bus, MANAGER_PATH, MANAGER_INTERFACE, "CellRemoved", "so",
			   cell->facts.name, path);
}

void cell_bus_changed(struct service *service, const struct cell_object *cell, unsigned facts)
{
	static const struct {
		enum cell_fact fact;
		const char *property;
	} table[] = {
		{CELL_FACT_STATE, "State"},
		{CELL_FACT_STATE, "StateChangeTimestamp"},
		{CELL_FACT_STATE, "StateChangeTimestampMonotonic"},
		{CELL_FACT_RESULT, "Result"},
		{CELL_FACT_FAILURE, "FailureDetails"},
		{CELL_FACT_ID, "Id"},
		{CELL_FACT_CPUS, "CPUs"},
		{CELL_FACT_FAILED_CPUS, "FailedCPUs"},
		{CELL_FACT_DEVICES, "Devices"},
		{CELL_FACT_CONFIG_PATH, "ConfigPath"},
		{CELL_FACT_DIGEST, "ConfigDigest"},
		{CELL_FACT_MANAGED, "Managed"},
		{CELL_FACT_DESCRIPTION, "Description"},
		{CELL_FACT_MEMORY, "Memory"},
		{CELL_FACT_START, "StartTimestamp"},
		{CELL_FACT_START, "StartTimestampMonotonic"},
	};
	char *names[ARRAY_SIZE(table) + 1] = {NULL};
	CLEANUP_FREE char *path = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (facts & 1u << table[i].fact)
			names[n++] = (char *)table[i].property;
	if (cell_path(cell, &path) >= 0)
		sd_bus_emit_properties_changed_strv(service->bus, path, CELL_INTERFACE, names);
}
