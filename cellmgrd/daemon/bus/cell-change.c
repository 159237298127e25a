// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "cell-change.h"

#include <errno.h>
#include <string.h>

#include "authorize.h"
#include "bus-error.h"
#include "cleanup.h"
#include "event.h"
#include "hold-bus.h"
#include "log.h"
#include "service.h"
#include "call.h"
#include "worker.h"

#define DESTROY_FORCE 1u

static int run_destroy(cell_context *context, const struct worker_task *task, FILE *result)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_CELL cell_cell *cell = NULL;
	int r = cell_hv_open(context, false, &hv);

	(void)result;
	if (r >= 0)
		r = cell_cell_by_name(hv, task->name, &cell);

	return r < 0 ? r : cell_cell_destroy(cell, task->flags & DESTROY_FORCE);
}

/* To be found with the unit's own lines. */
static int reply_destroyed(struct service *service, sd_bus_message *call,
			   const struct worker_task *task, const char *result, size_t size)
{
	(void)service, (void)result, (void)size;
	log_event(task->name, EVENT_STOPPED, LOG_NOTICE,
		  "The cell was destroyed as user %u asked for.", (unsigned)task->uid);
	return sd_bus_reply_method_return(call, "");
}

int cell_change_destroy(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	struct worker_task task = {.run = run_destroy, .reply = reply_destroyed, .fd = -1};
	struct cell_object *cell;
	int r = call_target(service, call, &cell, error);

	if (r >= 0)
		r = call_read_flags(call, DESTROY_FORCE, &task.flags, error);
	if (r >= 0)
		r = hold_bus_check(service, cell->facts.name, error);
	if (r >= 0)
		r = authorize_sender(call, &task.uid);
	if (r < 0)
		return r;

	strcpy(task.name, cell->facts.name);
	return worker_start(service, call, &task, error);
}

typedef int (*open_fn)(cell_cell *cell, bool nonblock);

static int open_console(struct service *service, sd_bus_message *call, open_fn open,
			sd_bus_error *error)
{
	CLEANUP_CELL cell_cell *cell = NULL;
	CLEANUP_FD int fd = -1;
	struct cell_object *object;
	uint64_t flags;
	int r = call_target(service, call, &object, error);

	if (r >= 0)
		r = call_read_flags(call, 0, &flags, error);
	if (r < 0)
		return r;
	if (!object->facts.exists || !manager_driver(service->manager))
		return sd_bus_error_setf(error, BUS_ERROR_PREFIX "CellNotRunning",
					 "The cell \"%s\" is not running: it has no console.",
					 object->facts.name);

	r = cell_cell_by_name(manager_driver(service->manager), object->facts.name, &cell);
	if (r < 0)
		return bus_error_from_context(error, service->manager->context, r);
	fd = open(cell, true);
	if (fd < 0)
		return bus_error_from_context(error, service->manager->context, fd);

	return sd_bus_reply_method_return(call, "h", fd);
}

int cell_change_open_console(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	return open_console(service, call, cell_cell_console_open, error);
}

int cell_change_attach_console(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	return open_console(service, call, cell_cell_console_attach, error);
}
