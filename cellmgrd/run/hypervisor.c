// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "hypervisor.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cleanup.h"
#include "systemd-call.h"

struct job {
	char *path; /* NULL until systemd has answered */
	bool ended;
};

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct job *job = userdata;
	const char *path;

	(void)error;
	if (sd_bus_message_read(m, "uoss", NULL, &path, NULL, NULL) >= 0 && job->path &&
	    strcmp(path, job->path) == 0)
		job->ended = true;
	return 0;
}

/* "fail": who is stopping the hypervisor just now has the last word. */
static int ask(sd_bus *bus, struct job *job)
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

/* The reply is handled before later messages, so the job's end cannot be missed. */
static int wait_for(sd_bus *bus, struct job *job)
{
	while (!job->ended) {
		int r = sd_bus_process(bus, NULL);

		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
		if (r < 0 && r != -EINTR)
			return r;
	}

	return 0;
}

int hypervisor_start(void)
{
	CLEANUP_BUS sd_bus *bus = NULL;
	struct job job = {0};
	int r = sd_bus_open_system(&bus);

	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
					"JobRemoved", on_job_removed, &job);
	if (r >= 0)
		r = sd_bus_call_method(bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
				       "Subscribe", NULL, NULL, "");
	if (r >= 0)
		r = ask(bus, &job);
	if (r >= 0)
		r = wait_for(bus, &job);

	free(job.path);
	return r < 0 ? r : 0;
}
