// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "unit-job.h"

#include <errno.h>

#include "cleanup.h"
#include "manager.h"
#include "name.h"
#include "systemd-call.h"

static int on_job(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	sd_bus_message *call = userdata;
	const char *job;
	int r;

	(void)error;
	if (sd_bus_message_is_method_error(answer, NULL))
		return sd_bus_reply_method_error(call, sd_bus_message_get_error(answer));

	r = sd_bus_message_read(answer, "o", &job);
	if (r < 0)
		return sd_bus_reply_method_errno(call, r, NULL);

	return sd_bus_reply_method_return(call, "o", job);
}

static void release_call(void *userdata)
{
	sd_bus_message_unref(userdata);
}

int unit_job_request(struct manager *manager, sd_bus_message *call, const char *method,
		     const char *name, const char *mode)
{
	CLEANUP_FREE char *unit = name_to_unit(name);
	CLEANUP_SLOT sd_bus_slot *slot = NULL;
	int r;

	if (!unit)
		return -ENOMEM;

	r = sd_bus_call_method_async(manager->bus, &slot, SYSTEMD_NAME, SYSTEMD_PATH,
				     SYSTEMD_MANAGER, method, on_job, call, "ss", unit,
				     *mode ? mode : "replace");
	if (r < 0)
		return r;

	sd_bus_message_ref(call);
	sd_bus_slot_set_destroy_callback(slot, release_call);
	sd_bus_slot_set_floating(slot, 1);
	return 1;
}
