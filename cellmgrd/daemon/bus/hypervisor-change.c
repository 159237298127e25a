// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "hypervisor-change.h"

#include <errno.h>
#include <string.h>

#include "bus-error.h"
#include "cleanup.h"
#include "enable.h"
#include "service.h"
#include "marker.h"
#include "module-load.h"
#include "call.h"
#include "turn.h"
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

static void start_enabling(struct service *service, sd_bus_message *call)
{
	const struct worker_task task = {
		.run = run_enable, .fd = -1, .unit_method = "StartUnit", .done = turn_end};
	CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = worker_start(service, call, &task, &error);

	if (r >= 0)
		return;
	bus_error_reply(call, r, &error);
	turn_end(service);
}

static int begin_enabling(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	if (marker_is_left())
		return sd_bus_error_set(error, BUS_ERROR_PREFIX "EnableUnconfirmed",
					MARKER_SENTENCE("ConfirmHypervisor"));

	return module_load_then(service, call, start_enabling);
}

int hypervisor_change_enable(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	uint64_t flags;
	int r = call_read_flags(call, 0, &flags, error);

	return r < 0 ? r : turn_take(service, call, begin_enabling);
}

int hypervisor_change_confirm(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	int r = marker_remove();

	(void)service;
	if (r < 0)
		return sd_bus_error_setf(error, BUS_ERROR_PREFIX "Failed",
					 "Cannot remove the boot marker: %s.", strerror(-r));

	return sd_bus_reply_method_return(call, "");
}

static int run_disable(cell_context *context, const struct worker_task *task, FILE *result)
{
	CLEANUP_HV cell_hv *hv = NULL;
	int r = cell_hv_open(context, false, &hv);

	(void)task, (void)result;
	return r < 0 ? r : cell_hv_disable(hv);
}

static int begin_disabling(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	const struct worker_task task = {
		.run = run_disable, .fd = -1, .unit_method = "StopUnit", .done = turn_end};

	return worker_start(service, call, &task, error);
}

int hypervisor_change_disable(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	(void)error;
	return turn_take(service, call, begin_disabling);
}
