// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "name.h"
#include "systemd-call.h"

struct job {
	char *path; /* NULL until systemd has answered */
	char *result;
};

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct job *job = userdata;
	const char *path, *result;

	(void)error;
	if (sd_bus_message_read(m, "uoss", NULL, &path, NULL, &result) < 0)
		return 0;
	if (job->path && strcmp(path, job->path) == 0 && !job->result)
		job->result = strdup(result);

	return 0;
}

/* The reply is handled before later messages, so the job's end cannot be missed. */
static int wait_for(sd_bus *bus, struct job *job)
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

static int call(sd_bus *bus, const char *method, const char *unit, struct job *job)
{
	CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	const char *path;
	int r = sd_bus_call_method(bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, method, &error,
				   &reply, "ss", unit, "replace");

	if (r < 0)
		return ctl_fail("systemd does not take %s of %s: %s", method, unit, error.message);
	if (sd_bus_message_read(reply, "o", &path) < 0)
		return ctl_fail("systemd gave an answer that is no job.");

	job->path = strdup(path);
	return job->path ? EXIT_OK : ctl_fail("Out of memory.");
}

static int call_and_wait(sd_bus *bus, const char *method, const char *unit, struct job *job,
			 bool wait)
{
	int r = sd_bus_call_method(bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "Subscribe",
				   NULL, NULL, "");

	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
					"JobRemoved", on_job_removed, job);
	if (r < 0)
		return ctl_fail("systemd cannot be reached: %s", strerror(-r));

	r = call(bus, method, unit, job);
	if (r != EXIT_OK || !wait)
		return r;

	r = wait_for(bus, job);
	if (r < 0)
		return ctl_fail("Lost the connection to systemd: %s", strerror(-r));
	if (strcmp(job->result, "done") != 0 && strcmp(job->result, "skipped") != 0)
		return ctl_fail("%s ended with \"%s\"; `journalctl -u %s` says why.", unit,
				job->result, unit);

	return EXIT_OK;
}

int unit_request(const char *method, const char *unit, bool wait)
{
	struct job job = {0};
	CLEANUP_BUS sd_bus *bus = NULL;
	int r = sd_bus_open_system(&bus);

	if (r < 0)
		return ctl_fail("The system bus cannot be reached: %s", strerror(-r));

	r = call_and_wait(bus, method, unit, &job, wait);
	free(job.path);
	free(job.result);
	return r;
}

/* A typing error is told apart from a unit that fails, before systemd is bothered. */
static int request(struct ctl *ctl, const char *method, const char *name)
{
	CLEANUP_DESC cell_desc *desc = NULL;
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_CELL cell_cell *cell = NULL;
	CLEANUP_FREE char *unit = name_to_unit(name);
	int r = cell_desc_find(ctl->context, name, &desc);

	if (r < 0 && (cell_hv_open(ctl->context, false, &hv) < 0 ||
		      cell_cell_by_name(hv, name, &cell) < 0)) {
		ctl_fail("There is no cell \"%s\": it does not exist and no %s.json describes it.",
			 name, name);
		return EXIT_NO_SUCH_CELL;
	}

	return unit ? unit_request(method, unit, !ctl->no_block) : ctl_fail("Out of memory.");
}

int ctl_start(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return request(ctl, "StartUnit", argv[1]);
}

int ctl_stop(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return request(ctl, "StopUnit", argv[1]);
}

int ctl_restart(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return request(ctl, "RestartUnit", argv[1]);
}
