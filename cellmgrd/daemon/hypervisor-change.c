// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "hypervisor-change.h"

#include <errno.h>
#include <string.h>

#include "bus-error.h"
#include "cleanup.h"
#include "enable.h"
#include "hold.h"
#include "manager.h"
#include "marker.h"
#include "module-load.h"
#include "operation.h"
#include "worker.h"

static int run_enable(cell_context *context, const struct worker_task *task, FILE *result)
{
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_HOST cell_host *host = NULL;
	int r = cell_hv_open(context, false, &hv);

	(void)task, (void)result;
	if (r >= 0)
		r = cell_host_new(context, NULL, &host);

	return r < 0 ? r : enable_marked(hv, host);
}

static int start_enabling(struct manager *manager, sd_bus_message *call)
{
	const struct worker_task task = {.run = run_enable, .fd = -1, .unit_method = "StartUnit"};

	return worker_start(manager, call, &task);
}

int hypervisor_change_enable(struct manager *manager, sd_bus_message *call, sd_bus_error *error)
{
	uint64_t flags;
	int r = operation_read_flags(call, 0, &flags, error);

	if (r < 0)
		return r;
	if (marker_is_left())
		return sd_bus_error_set(error, BUS_ERROR_PREFIX "EnableUnconfirmed",
					MARKER_SENTENCE("ConfirmHypervisor"));

	return module_load_then(manager, call, start_enabling);
}

int hypervisor_change_confirm(struct manager *manager, sd_bus_message *call, sd_bus_error *error)
{
	int r = marker_remove();

	(void)manager, (void)error;
	return r < 0 ? r : sd_bus_reply_method_return(call, "");
}

static int run_disable(cell_context *context, const struct worker_task *task, FILE *result)
{
	CLEANUP_HV cell_hv *hv = NULL;
	int r = cell_hv_open(context, false, &hv);

	(void)task, (void)result;
	return r < 0 ? r : cell_hv_disable(hv);
}

int hypervisor_change_disable(struct manager *manager, sd_bus_message *call, sd_bus_error *error)
{
	const struct worker_task task = {.run = run_disable, .fd = -1, .unit_method = "StopUnit"};

	(void)error;
	return worker_start(manager, call, &task);
}
