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
#include "hold-bus.h"
#include "hypervisor-change.h"
#include "service.h"
#include "name.h"
#include "unit-job.h"

static const struct operation {
	const char *member;
	const char *action; /* of polkit */
	const char *verb;   /* for polkit, too */
	authorized_fn run;
} operations[] = {
	{"StartCell", ACTION_MANAGE_CELLS, "start", unit_job_start},
	{"StopCell", ACTION_MANAGE_CELLS, "stop", unit_job_stop},
	{"RestartCell", ACTION_MANAGE_CELLS, "restart", unit_job_restart},
	{"Start", ACTION_MANAGE_CELLS, "start", unit_job_start},
	{"Stop", ACTION_MANAGE_CELLS, "stop", unit_job_stop},
	{"Restart", ACTION_MANAGE_CELLS, "restart", unit_job_restart},
	{"Destroy", ACTION_MANAGE_CELLS, "destroy", cell_change_destroy},
	{"Hold", ACTION_MANAGE_CELLS, "hold", hold_bus_take},
	{"OpenConsole", ACTION_OPEN_CONSOLE, "console", cell_change_open_console},
	{"AttachConsole", ACTION_ATTACH_CONSOLE, "attach", cell_change_attach_console},
	{"DefineCell", ACTION_DEFINE_CELLS, "define", description_define},
	{"UndefineCell", ACTION_DEFINE_CELLS, "undefine", description_undefine},
	{"EnableHypervisor", ACTION_MANAGE_HYPERVISOR, "enable", hypervisor_change_enable},
	{"ConfirmHypervisor", ACTION_MANAGE_HYPERVISOR, "confirm", hypervisor_change_confirm},
	{"DisableHypervisor", ACTION_MANAGE_HYPERVISOR, "disable", hypervisor_change_disable},
};

static const struct operation *find(const char *member)
{
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
		if (strcmp(operations[i].member, member) == 0)
			return &operations[i];

	return NULL;
}

/*
 * The name in a call: of its path, or the first argument of one of the manager. 0: it has none.
 * What is not the name of a cell is not shown to polkit. *ret is to be freed.
 */
static int read_cell(sd_bus_message *call, char **ret)
{
	const char *name;
	int r = sd_bus_path_decode(sd_bus_message_get_path(call), CELL_PATH_PREFIX, ret);

	if (r != 0)
		return r;
	r = sd_bus_message_is_empty(call);
	if (r != 0 || *sd_bus_message_get_signature(call, true) != 's')
		return r < 0 ? r : 0;

	r = sd_bus_message_read(call, "s", &name);
	if (r >= 0)
		r = sd_bus_message_rewind(call, true);
	if (r < 0)
		return r;

	*ret = name_is_valid(name) ? strdup(name) : NULL;
	return *ret != NULL;
}

int operation_run(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	const struct operation *operation = find(sd_bus_message_get_member(call));
	CLEANUP_FREE char *cell = NULL;
	int r = operation ? read_cell(call, &cell) : -ENOSYS;

	if (r >= 0)
		r = authorize(service, call, operation->action,
			      &(struct authorize_details){operation->verb, cell}, operation->run,
			      error);
	return bus_error_complete(error, r, call);
}
