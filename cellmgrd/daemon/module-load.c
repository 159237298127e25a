// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "module-load.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "manager.h"
#include "systemd-call.h"

#define MODULE_UNIT "modprobe@cellhv.service"

struct load {
	struct manager *manager;
	sd_bus_message *call;
	module_load_fn next;
	sd_bus_slot *match, *request;
	char *job;
};

static void finish(struct load *load)
{
	int r = load->next(load->manager, load->call);

	if (r < 0)
		sd_bus_reply_method_errno(load->call, r, NULL);
	sd_bus_slot_unref(load->match);
	sd_bus_slot_unref(load->request);
	sd_bus_message_unref(load->call);
	free(load->job);
	free(load);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct load *load = userdata;
	const char *job;

	(void)error;
	if (sd_bus_message_read(m, "uoss", NULL, &job, NULL, NULL) >= 0 && load->job &&
	    strcmp(job, load->job) == 0)
		finish(load);

	return 0;
}

static int on_job(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct load *load = userdata;
	const char *job;

	(void)error;
	if (!sd_bus_message_is_method_error(answer, NULL) &&
	    sd_bus_message_read(answer, "o", &job) >= 0)
		load->job = strdup(job);
	if (!load->job)
		finish(load);

	return 0;
}

/* The match is in place before the job exists, so its end cannot be missed. */
static int ask(struct load *load)
{
	sd_bus *bus = load->manager->bus;
	int r = sd_bus_match_signal_async(bus, &load->match, SYSTEMD_NAME, SYSTEMD_PATH,
					  SYSTEMD_MANAGER, "JobRemoved", on_job_removed, NULL,
					  load);

	if (r < 0)
		return r;

	return sd_bus_call_method_async(bus, &load->request, SYSTEMD_NAME, SYSTEMD_PATH,
					SYSTEMD_MANAGER, "StartUnit", on_job, load, "ss",
					MODULE_UNIT, "replace");
}

int module_load_then(struct manager *manager, sd_bus_message *call, module_load_fn next)
{
	struct load *load;
	int r;

	if (strcmp(manager->hypervisor_state, "missing") != 0)
		return next(manager, call);

	load = calloc(1, sizeof(*load));
	if (!load)
		return -ENOMEM;
	*load = (struct load){.manager = manager, .call = sd_bus_message_ref(call), .next = next};

	r = ask(load);
	if (r < 0)
		finish(load);
	return 1;
}
