// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "manager-bus.h"

#include <errno.h>
#include <string.h>

#include "bus-error.h"
#include "call.h"
#include "cell-path.h"
#include "cell-bus.h"
#include "cleanup.h"
#include "cpulist.h"
#include "description.h"
#include "device-bus.h"
#include "service.h"
#include "operation.h"
#include "version.h"

#define PAGE_SIZE 4096u /* of the hypervisor's pool */

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	return sd_bus_message_append(reply, "s", CELLMGR_VERSION);
}

static int get_api_version(sd_bus *bus, const char *path, const char *interface,
			   const char *property, sd_bus_message *reply, void *userdata,
			   sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	return sd_bus_message_append(reply, "u", API_VERSION);
}

/* What a client may count on, beyond what the version of the API says. */
static const char *const features[] = {"check", "compile",     "define",
				       "hold",	"boot-marker", "devices"};

static int get_features(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	int r = sd_bus_message_open_container(reply, 'a', "s");

	for (size_t i = 0; i < ARRAY_SIZE(features) && r >= 0; i++)
		r = sd_bus_message_append(reply, "s", features[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_hypervisor_state(sd_bus *bus, const char *path, const char *interface,
				const char *property, sd_bus_message *reply, void *userdata,
				sd_bus_error *error)
{
	const struct service *service = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "s", service->manager->hypervisor_state);
}

static int get_n_cells(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct service *service = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "u", service->manager->n_cells);
}

static int get_n_failed_cells(sd_bus *bus, const char *path, const char *interface,
			      const char *property, sd_bus_message *reply, void *userdata,
			      sd_bus_error *error)
{
	const struct service *service = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "u", service->manager->n_failed_cells);
}

static int get_memory_pool(sd_bus *bus, const char *path, const char *interface,
			   const char *property, sd_bus_message *reply, void *userdata,
			   sd_bus_error *error)
{
	const struct service *service = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "(tt)",
				     (uint64_t)service->manager->pages_total * PAGE_SIZE,
				     (uint64_t)service->manager->pages_used * PAGE_SIZE);
}

static int get_root_cpus(sd_bus *bus, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	CLEANUP_FREE char *cpus = cpulist_online();

	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	return sd_bus_message_append(reply, "s", cpus ? cpus : "?");
}

static int list_cells(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	struct service *service = userdata;
	int r = manager_refresh(service->manager);

	if (r < 0)
		return bus_error_complete(error, r, m);
	r = sd_bus_message_new_method_return(m, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(reply, 'a', "(ssso)");
	if (r < 0)
		return r;

	for (struct cell_object *cell = service->manager->cells; cell; cell = cell->next) {
		CLEANUP_FREE char *path = NULL;

		r = cell_path(cell, &path);
		if (r >= 0)
			r = sd_bus_message_append(reply, "(ssso)", cell->facts.name,
						  cell->facts.state, cell->unit, path);
		if (r < 0)
			return r;
	}

	r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int reply_path(sd_bus_message *m, const struct cell_object *cell)
{
	CLEANUP_FREE char *path = NULL;
	int r = cell_path(cell, &path);

	return r < 0 ? r : sd_bus_reply_method_return(m, "o", path);
}

static int get_cell(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct cell_object *cell;
	int r = call_target(userdata, m, &cell, error);

	return r < 0 ? bus_error_complete(error, r, m) : reply_path(m, cell);
}

static int get_cell_by_cpu(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct service *service = userdata;
	uint32_t cpu;
	int r = sd_bus_message_read(m, "u", &cpu);

	if (r < 0)
		return r;
	r = manager_refresh(service->manager);
	if (r < 0)
		return bus_error_complete(error, r, m);

	for (struct cell_object *cell = service->manager->cells; cell; cell = cell->next)
		for (size_t i = 0; i < cell->facts.n_cpus; i++)
			if (cell->facts.cpus[i] == cpu)
				return reply_path(m, cell);

	return sd_bus_error_setf(error, BUS_ERROR_PREFIX "NoSuchCell",
				 "CPU %u belongs to no cell: it is Linux's, or not there.", cpu);
}

static int change(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return operation_run(userdata, m, error);
}

int manager_bus_reload(struct service *service)
{
	int r;

	sd_bus_emit_signal(service->bus, MANAGER_PATH, MANAGER_INTERFACE, "Reloading", "b", true);
	r = manager_refresh(service->manager);
	sd_bus_emit_signal(service->bus, MANAGER_PATH, MANAGER_INTERFACE, "Reloading", "b", false);
	return r;
}

/* Reading again shows nothing that reading does not, so everyone may ask for it. */
static int reload(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	int r = manager_bus_reload(userdata);

	return r < 0 ? bus_error_complete(error, r, m) : sd_bus_reply_method_return(m, "");
}

static void describe_self(const struct service *service, json_object *root)
{
	CLEANUP_FREE char *cpus = cpulist_online();
	json_object *array = json_object_new_array(), *pool = json_object_new_object();

	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		json_object_array_add(array, json_object_new_string(features[i]));
	json_object_object_add(
		pool, "total",
		json_object_new_uint64((uint64_t)service->manager->pages_total * PAGE_SIZE));
	json_object_object_add(
		pool, "used",
		json_object_new_uint64((uint64_t)service->manager->pages_used * PAGE_SIZE));
	json_object_object_add(root, "version", json_object_new_string(CELLMGR_VERSION));
	json_object_object_add(root, "apiVersion", json_object_new_int(API_VERSION));
	json_object_object_add(root, "features", array);
	json_object_object_add(root, "hypervisorState",
			       json_object_new_string(service->manager->hypervisor_state));
	json_object_object_add(root, "nCells", json_object_new_int64(service->manager->n_cells));
	json_object_object_add(root, "nFailedCells",
			       json_object_new_int64(service->manager->n_failed_cells));
	json_object_object_add(root, "rootCPUs", json_object_new_string(cpus ? cpus : "?"));
	json_object_object_add(root, "memoryPool", pool);
}

static int describe(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	CLEANUP_JSON json_object *root = json_object_new_object();
	struct service *service = userdata;
	json_object *cells;
	int r = manager_refresh(service->manager);

	if (r < 0)
		return bus_error_complete(error, r, m);

	describe_self(service, root);
	cells = json_object_new_array();
	for (struct cell_object *cell = service->manager->cells; cell; cell = cell->next)
		json_object_array_add(cells, cell_bus_describe(cell));
	json_object_object_add(root, "cells", cells);

	return sd_bus_reply_method_return(
		m, "s", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN));
}

#define EMITS SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST
/* The daemon asks polkit itself; sd-bus's own check would ask for a capability instead. */
#define ANYONE SD_BUS_VTABLE_UNPRIVILEGED

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, CONSTANT),
	SD_BUS_PROPERTY("APIVersion", "u", get_api_version, 0, CONSTANT),
	SD_BUS_PROPERTY("Features", "as", get_features, 0, CONSTANT),
	SD_BUS_PROPERTY("HypervisorState", "s", get_hypervisor_state, 0, EMITS),
	SD_BUS_PROPERTY("NCells", "u", get_n_cells, 0, EMITS),
	SD_BUS_PROPERTY("NFailedCells", "u", get_n_failed_cells, 0, EMITS),
	SD_BUS_PROPERTY("RootCPUs", "s", get_root_cpus, 0, 0),
	SD_BUS_PROPERTY("MemoryPool", "(tt)", get_memory_pool, 0, EMITS),
	SD_BUS_METHOD_WITH_ARGS("ListCells", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssso)", cells),
				list_cells, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("GetCell", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", cell),
				get_cell, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("GetCellByCPU", SD_BUS_ARGS("u", cpu), SD_BUS_RESULT("o", cell),
				get_cell_by_cpu, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("ListDevices", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("a(sssssssbs)", devices), device_bus_list, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("CheckConfig",
				SD_BUS_ARGS("h", description, "s", label, "t", flags),
				SD_BUS_RESULT("a(sssuus)", diagnostics), description_check, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("CompileConfig",
				SD_BUS_ARGS("h", description, "s", label, "t", flags),
				SD_BUS_RESULT("h", configuration), description_compile, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("DefineCell", SD_BUS_ARGS("s", name, "h", description, "t", flags),
				SD_BUS_RESULT("o", cell), change, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("UndefineCell", SD_BUS_ARGS("s", name, "t", flags),
				SD_BUS_NO_RESULT, change, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("StartCell", SD_BUS_ARGS("s", name, "s", mode),
				SD_BUS_RESULT("o", job), change, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("StopCell", SD_BUS_ARGS("s", name, "s", mode),
				SD_BUS_RESULT("o", job), change, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("RestartCell", SD_BUS_ARGS("s", name, "s", mode),
				SD_BUS_RESULT("o", job), change, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("EnableHypervisor", SD_BUS_ARGS("t", flags), SD_BUS_NO_RESULT,
				change, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("ConfirmHypervisor", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, change,
				ANYONE),
	SD_BUS_METHOD_WITH_ARGS("DisableHypervisor", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, change,
				ANYONE),
	SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, reload, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("Describe", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), describe,
				ANYONE),
	SD_BUS_SIGNAL_WITH_ARGS("CellNew", SD_BUS_ARGS("s", name, "o", cell), 0),
	SD_BUS_SIGNAL_WITH_ARGS("CellRemoved", SD_BUS_ARGS("s", name, "o", cell), 0),
	SD_BUS_SIGNAL_WITH_ARGS("Reloading", SD_BUS_ARGS("b", active), 0),
	SD_BUS_VTABLE_END,
};

int manager_bus_register(struct service *service)
{
	return sd_bus_add_object_vtable(service->bus, NULL, MANAGER_PATH, MANAGER_INTERFACE, vtable,
					service);
}

void manager_bus_changed(struct service *service, unsigned facts)
{
	static const char *const properties[MANAGER_N_FACTS] = {
		[MANAGER_FACT_HYPERVISOR] = "HypervisorState",
		[MANAGER_FACT_N_CELLS] = "NCells",
		[MANAGER_FACT_N_FAILED] = "NFailedCells",
		[MANAGER_FACT_POOL] = "MemoryPool",
	};
	char *names[MANAGER_N_FACTS + 1] = {NULL};
	size_t n = 0;

	for (size_t i = 0; i < MANAGER_N_FACTS; i++)
		if (facts & 1u << i)
			names[n++] = (char *)properties[i];
	sd_bus_emit_properties_changed_strv(service->bus, MANAGER_PATH, MANAGER_INTERFACE, names);
}
