// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "manager-bus.h"

#include <errno.h>
#include <string.h>

#include "bus-error.h"
#include "cell-bus.h"
#include "cleanup.h"
#include "cpulist.h"
#include "description.h"
#include "manager.h"
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
static const char *const features[] = {"check", "compile", "define", "hold", "boot-marker"};

static int get_features(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	int r = sd_bus_message_open_container(reply, 'a', "s");

	for (size_t i = 0; i < ARRAY_SIZE(features) && r >= 0; i++)
		r = sd_bus_message_append(reply, "s", features[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_memory_pool(sd_bus *bus, const char *path, const char *interface,
			   const char *property, sd_bus_message *reply, void *userdata,
			   sd_bus_error *error)
{
	const struct manager *manager = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "(tt)", (uint64_t)manager->pages_total * PAGE_SIZE,
				     (uint64_t)manager->pages_used * PAGE_SIZE);
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
	struct manager *manager = userdata;
	int r = manager_refresh(manager);

	if (r < 0)
		return bus_error_complete(error, r, m);
	r = sd_bus_message_new_method_return(m, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(reply, 'a', "(ssso)");
	if (r < 0)
		return r;

	for (struct cell_object *cell = manager->cells; cell; cell = cell->next) {
		r = sd_bus_message_append(reply, "(ssso)", cell->facts.name, cell->facts.state,
					  cell->unit, cell->path);
		if (r < 0)
			return r;
	}

	r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int get_cell(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct cell_object *cell;
	int r = operation_target(userdata, m, &cell, error);

	return r < 0 ? bus_error_complete(error, r, m)
		     : sd_bus_reply_method_return(m, "o", cell->path);
}

static int get_cell_by_cpu(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct manager *manager = userdata;
	uint32_t cpu;
	int r = sd_bus_message_read(m, "u", &cpu);

	if (r < 0)
		return r;
	r = manager_refresh(manager);
	if (r < 0)
		return bus_error_complete(error, r, m);

	for (struct cell_object *cell = manager->cells; cell; cell = cell->next)
		for (size_t i = 0; i < cell->facts.n_cpus; i++)
			if (cell->facts.cpus[i] == cpu)
				return sd_bus_reply_method_return(m, "o", cell->path);

	return sd_bus_error_setf(error, BUS_ERROR_PREFIX "NoSuchCell",
				 "CPU %u belongs to no cell: it is Linux's, or not there.", cpu);
}

static int change(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return operation_run(userdata, m, error);
}

int manager_bus_reload(struct manager *manager)
{
	int r;

	sd_bus_emit_signal(manager->bus, MANAGER_PATH, MANAGER_INTERFACE, "Reloading", "b", true);
	r = manager_refresh(manager);
	sd_bus_emit_signal(manager->bus, MANAGER_PATH, MANAGER_INTERFACE, "Reloading", "b", false);
	return r;
}

/* Reading again shows nothing that reading does not, so everyone may ask for it. */
static int reload(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	int r = manager_bus_reload(userdata);

	return r < 0 ? bus_error_complete(error, r, m) : sd_bus_reply_method_return(m, "");
}

static void describe_self(const struct manager *manager, json_object *root)
{
	CLEANUP_FREE char *cpus = cpulist_online();
	json_object *array = json_object_new_array(), *pool = json_object_new_object();

	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		json_object_array_add(array, json_object_new_string(features[i]));
	json_object_object_add(pool, "total",
			       json_object_new_uint64((uint64_t)manager->pages_total * PAGE_SIZE));
	json_object_object_add(pool, "used",
			       json_object_new_uint64((uint64_t)manager->pages_used * PAGE_SIZE));
	json_object_object_add(root, "version", json_object_new_string(CELLMGR_VERSION));
	json_object_object_add(root, "apiVersion", json_object_new_int(API_VERSION));
	json_object_object_add(root, "features", array);
	json_object_object_add(root, "hypervisorState",
			       json_object_new_string(manager->hypervisor_state));
	json_object_object_add(root, "nCells", json_object_new_int64(manager->n_cells));
	json_object_object_add(root, "nFailedCells",
			       json_object_new_int64(manager->n_failed_cells));
	json_object_object_add(root, "rootCPUs", json_object_new_string(cpus ? cpus : "?"));
	json_object_object_add(root, "memoryPool", pool);
}

static int describe(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	CLEANUP_JSON json_object *root = json_object_new_object();
	struct manager *manager = userdata;
	json_object *cells;
	int r = manager_refresh(manager);

	if (r < 0)
		return bus_error_complete(error, r, m);

	describe_self(manager, root);
	cells = json_object_new_array();
	for (struct cell_object *cell = manager->cells; cell; cell = cell->next)
		json_object_array_add(cells, cell_bus_describe(cell));
	json_object_object_add(root, "cells", cells);

	return sd_bus_reply_method_return(
		m, "s", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN));
}

#define EMITS SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST
/* The daemon asks polkit itself; sd-bus's own check would ask for a capability instead. */
#define ANYONE SD_BUS_VTABLE_UNPRIVILEGED
#define FIELD(name) offsetof(struct manager, name)

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, CONSTANT),
	SD_BUS_PROPERTY("APIVersion", "u", get_api_version, 0, CONSTANT),
	SD_BUS_PROPERTY("Features", "as", get_features, 0, CONSTANT),
	SD_BUS_PROPERTY("HypervisorState", "s", NULL, FIELD(hypervisor_state), EMITS),
	SD_BUS_PROPERTY("NCells", "u", NULL, FIELD(n_cells), EMITS),
	SD_BUS_PROPERTY("NFailedCells", "u", NULL, FIELD(n_failed_cells), EMITS),
	SD_BUS_PROPERTY("RootCPUs", "s", get_root_cpus, 0, 0),
	SD_BUS_PROPERTY("MemoryPool", "(tt)", get_memory_pool, 0, EMITS),
	SD_BUS_METHOD_WITH_ARGS("ListCells", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssso)", cells),
				list_cells, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("GetCell", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", cell),
				get_cell, ANYONE),
	SD_BUS_METHOD_WITH_ARGS("GetCellByCPU", SD_BUS_ARGS("u", cpu), SD_BUS_RESULT("o", cell),
				get_cell_by_cpu, ANYONE),
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

int manager_bus_register(struct manager *manager)
{
	return sd_bus_add_object_vtable(manager->bus, NULL, MANAGER_PATH, MANAGER_INTERFACE, vtable,
					manager);
}
