// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "hypervisor.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "job-wait.h"
#include "systemd-call.h"

/* "fail": who is stopping the hypervisor just now has the last word. */
static int ask(sd_bus *bus, struct job_wait *job)
{
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	const char *path;
	int r = sd_bus_call_method(bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "StartUnit",
				   NULL, &reply, "ss", HYPERVISOR_UNIT, "fail");

	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return r;

	job->path = strdup(path);
	return job->path ? 0 : -ENOMEM;
}

int hypervisor_start(void)
{
	CLEANUP_BUS sd_bus *bus = NULL;
	struct job_wait job = {0};
	int r = sd_bus_open_system(&bus);

	if (r >= 0)
		r = job_wait_begin(&job, bus);
	if (r >= 0)
		r = ask(bus, &job);
	if (r >= 0)
		r = job_wait_end(&job, bus);

	job_wait_clear(&job);
	return r < 0 ? r : 0;
}
