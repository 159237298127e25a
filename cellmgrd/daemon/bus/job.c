// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "job.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "systemd-call.h"

struct job {
	job_fn fn;
	void *userdata;
	sd_bus_slot *match, *request;
	char *path;
};

static struct job *job_free(struct job *job)
{
	sd_bus_slot_unref(job->match);
	sd_bus_slot_unref(job->request);
	free(job->path);
	free(job);
	return NULL;
}

static void finish(struct job *job)
{
	job->fn(job->userdata);
	job_free(job);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct job *job = userdata;
	const char *path;

	(void)error;
	if (sd_bus_message_read(m, "uoss", NULL, &path, NULL, NULL) >= 0 && job->path &&
	    strcmp(path, job->path) == 0)
		finish(job);

	return 0;
}

static int on_job(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct job *job = userdata;
	const char *path;

	(void)error;
	if (!sd_bus_message_is_method_error(answer, NULL) &&
	    sd_bus_message_read(answer, "o", &path) >= 0)
		job->path = strdup(path);
	if (!job->path)
		finish(job);

	return 0;
}

/* The match is in place before the job exists, so its end cannot be missed. */
static int ask(sd_bus *bus, struct job *job, const char *method, const char *unit)
{
	int r = sd_bus_match_signal_async(bus, &job->match, SYSTEMD_NAME, SYSTEMD_PATH,
					  SYSTEMD_MANAGER, "JobRemoved", on_job_removed, NULL, job);

	if (r < 0)
		return r;

	return sd_bus_call_method_async(bus, &job->request, SYSTEMD_NAME, SYSTEMD_PATH,
					SYSTEMD_MANAGER, method, on_job, job, "ss", unit,
					"replace");
}

int job_run(sd_bus *bus, const char *method, const char *unit, job_fn fn, void *userdata)
{
	struct job *job = calloc(1, sizeof(*job));
	int r;

	if (!job)
		return -ENOMEM;

	*job = (struct job){.fn = fn, .userdata = userdata};
	r = ask(bus, job, method, unit);
	if (r < 0)
		job_free(job);
	return r;
}
