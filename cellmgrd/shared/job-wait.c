// SPDX-License-Identifier: LGPL-2.1-or-later
#include "job-wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "systemd-call.h"

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct job_wait *job = userdata;
	const char *path, *result;

	(void)error;
	if (sd_bus_message_read(m, "uoss", NULL, &path, NULL, &result) < 0)
		return 0;
	if (job->path && strcmp(path, job->path) == 0 && !job->result)
		job->result = strdup(result);

	return 0;
}

int job_wait_begin(struct job_wait *job, sd_bus *bus)
{
	int r = sd_bus_call_method(bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "Subscribe",
				   NULL, NULL, "");

	if (r >= 0)
		r = sd_bus_match_signal(bus, &job->match, SYSTEMD_NAME, SYSTEMD_PATH,
					SYSTEMD_MANAGER, "JobRemoved", on_job_removed, job);
	return r < 0 ? r : 0;
}

/* The reply is handled before later messages, so the job's end cannot be missed. */
int job_wait_end(struct job_wait *job, sd_bus *bus)
{
	while (!job->result) {
		int r = sd_bus_process(bus, NULL);

		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
		if (r < 0 && r != -EINTR)
			return r;
	}

	return 0;
}

void job_wait_clear(struct job_wait *job)
{
	sd_bus_slot_unref(job->match);
	free(job->path);
	free(job->result);
	*job = (struct job_wait){0};
}
