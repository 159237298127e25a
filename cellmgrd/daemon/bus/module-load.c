// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "module-load.h"

#include <errno.h>

#include "cleanup.h"
#include "job.h"
#include "service.h"

#define MODULE_UNIT "modprobe@cellhv.service"

struct load {
	struct service *service;
	sd_bus_message *call;
	module_load_fn next;
};

static void finish(void *userdata)
{
	struct load *load = userdata;

	load->next(load->service, load->call);
	sd_bus_message_unref(load->call);
	free(load);
}

int module_load_then(struct service *service, sd_bus_message *call, module_load_fn next)
{
	struct load *load;

	if (manager_has_module(service->manager)) {
		next(service, call);
		return 0;
	}

	load = calloc(1, sizeof(*load));
	if (!load)
		return -ENOMEM;
	*load = (struct load){service, sd_bus_message_ref(call), next};

	if (job_run(service->bus, "StartUnit", MODULE_UNIT, finish, load) < 0)
		finish(load);
	return 0;
}
