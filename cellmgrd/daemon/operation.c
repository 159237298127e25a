// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "operation.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "authorize.h"
#include "bus-error.h"
#include "cell-change.h"
#include "cleanup.h"
#include "description.h"
#include "hold.h"
#include "hypervisor-change.h"
#include "manager.h"
#include "unit-job.h"

static const struct operation {
	const char *member;
	const char *action; /* of polkit */
	authorized_fn run;
} operations[] = {
	{"StartCell", ACTION_MANAGE_CELLS, unit_job_start},
	{"StopCell", ACTION_MANAGE_CELLS, unit_job_stop},
	{"RestartCell", ACTION_MANAGE_CELLS, unit_job_restart},
	{"Start", ACTION_MANAGE_CELLS, unit_job_start},
	{"Stop", ACTION_MANAGE_CELLS, unit_job_stop},
	{"Restart", ACTION_MANAGE_CELLS, unit_job_restart},
	{"Destroy", ACTION_MANAGE_CELLS, cell_change_destroy},
	{"Hold", ACTION_MANAGE_CELLS, hold_take},
	{"OpenConsole", ACTION_OPEN_CONSOLE, cell_change_open_console},
	{"DefineCell", ACTION_DEFINE_CELLS, description_define},
	{"UndefineCell", ACTION_DEFINE_CELLS, description_undefine},
	{"EnableHypervisor", ACTION_MANAGE_HYPERVISOR, hypervisor_change_enable},
	{"ConfirmHypervisor", ACTION_MANAGE_HYPERVISOR, hypervisor_change_confirm},
	{"DisableHypervisor", ACTION_MANAGE_HYPERVISOR, hypervisor_change_disable},
};

int operation_run(struct manager *manager, sd_bus_message *call, sd_bus_error *error)
{
	const char *member = sd_bus_message_get_member(call);

	for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
		if (strcmp(operations[i].member, member) == 0)
			return authorize(manager, call, operations[i].action, operations[i].run,
					 error);

	return -ENOSYS;
}

/* The object may have gone while polkit was asked, hence by path and not by pointer. */
int operation_target(struct manager *manager, sd_bus_message *call, struct cell_object **ret,
		     sd_bus_error *error)
{
	CLEANUP_FREE char *name_of_path = NULL;
	const char *path = sd_bus_message_get_path(call), *name;
	struct cell_object *cell;
	int r;

	if (sd_bus_path_decode(path, CELL_PATH_PREFIX, &name_of_path) > 0) {
		name = name_of_path;
	} else {
		r = sd_bus_message_read(call, "s", &name);
		if (r < 0)
			return r;
	}

	r = manager_refresh(manager);
	if (r < 0)
		return r;
	cell = manager_find(manager, name);
	if (!cell)
		return bus_error_no_such_cell(error, name);

	*ret = cell;
	return 0;
}

int operation_read_flags(sd_bus_message *call, uint64_t known, uint64_t *ret, sd_bus_error *error)
{
	uint64_t flags;
	int r = sd_bus_message_read(call, "t", &flags);

	if (r < 0)
		return r;
	if (flags & ~known)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "%s does not know the flags 0x%" PRIx64
					 "; it knows 0x%" PRIx64 ".",
					 sd_bus_message_get_member(call), flags & ~known, known);

	*ret = flags;
	return 0;
}
