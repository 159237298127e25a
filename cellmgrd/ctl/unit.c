// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "holds.h"
#include "job-wait.h"
#include "name.h"
#include "systemd-call.h"
#include "view.h"

/* What to ask for, and whom: systemd, or cellmgrd, which asks it where polkit agrees. */
struct request {
	const char *method; /* of systemd */
	const char *unit;
	const char *cellmgrd; /* method of the manager, with the cell's name; or NULL */
	const char *cell;
};

static int call_systemd(sd_bus *bus, const struct request *request, sd_bus_message **ret)
{
	CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
				   request->method, &error, ret, "ss", request->unit, "replace");

	return r < 0 ? ctl_fail("systemd does not take %s of %s: %s", request->method,
				request->unit, error.message)
		     : EXIT_OK;
}

static int call_cellmgrd(struct ctl *ctl, const struct request *request, sd_bus_message **ret)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL;
	int r = bus_new_call(ctl, NULL, request->cellmgrd, &m);

	if (r != EXIT_OK)
		return r;
	r = sd_bus_message_append(m, "ss", request->cell, "");
	return r < 0 ? bus_fail(NULL, r) : bus_call(ctl, m, ret);
}

static int call(struct ctl *ctl, sd_bus *bus, const struct request *request, struct job_wait *job)
{
	CLEANUP_MESSAGE sd_bus_message *reply = NULL;
	const char *path;
	int r = request->cellmgrd ? call_cellmgrd(ctl, request, &reply)
				  : call_systemd(bus, request, &reply);

	if (r != EXIT_OK)
		return r;
	if (sd_bus_message_read(reply, "o", &path) < 0)
		return ctl_fail("The answer is no job of systemd's.");

	job->path = strdup(path);
	return job->path ? EXIT_OK : ctl_fail("Out of memory.");
}

/* The library's own reason, which the last run has recorded; "" where it has none. */
static int fail_job(struct ctl *ctl, const struct request *request, const char *result)
{
	CLEANUP_FREE char *reason = NULL;
	struct facts *facts;
	struct view view;

	if (request->cell && view_find(ctl, request->cell, &view, &facts) == EXIT_OK) {
		if (record_tells_failure(&facts->last))
			reason = strdup(facts->last.message);
		view_release(&view);
	}

	return ctl_fail("%s ended with \"%s\"%s%s%s `journalctl -u %s` says %s.", request->unit,
			result, reason && *reason ? ": " : "", reason ? reason : "",
			reason && *reason ? "" : ";", request->unit,
			reason && *reason ? "more" : "why");
}

static int call_and_wait(struct ctl *ctl, sd_bus *bus, const struct request *request,
			 struct job_wait *job, bool wait)
{
	int r = job_wait_begin(job, bus);

	if (r < 0)
		return ctl_fail("systemd cannot be reached: %s", strerror(-r));

	r = call(ctl, bus, request, job);
	if (r != EXIT_OK || !wait)
		return r;

	r = job_wait_end(job, bus);
	if (r < 0)
		return ctl_fail("Lost the connection to systemd: %s", strerror(-r));
	if (strcmp(job->result, "done") != 0 && strcmp(job->result, "skipped") != 0)
		return fail_job(ctl, request, job->result);

	return EXIT_OK;
}

static int run_request(struct ctl *ctl, const struct request *request, bool wait)
{
	struct job_wait job = {0};
	sd_bus *bus;
	int r = bus_connect(ctl, &bus);

	if (r != EXIT_OK)
		return r;

	r = call_and_wait(ctl, bus, request, &job, wait);
	job_wait_clear(&job);
	return r;
}

int unit_request(struct ctl *ctl, const char *method, const char *unit, bool wait)
{
	const struct request request = {.method = method, .unit = unit};

	return run_request(ctl, &request, wait);
}

struct target {
	const char *name;
	char *unit;
	char *active_state; /* of the unit */
	uint32_t job;	    /* queued for the unit; 0: none */
	bool is_running;    /* the cell */
	struct record last; /* how it ended */
};

static int read_unit(struct ctl *ctl, struct target *target)
{
	CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
	CLEANUP_MESSAGE sd_bus_message *job = NULL;
	CLEANUP_FREE char *path = NULL;
	sd_bus *bus;
	int r = bus_connect(ctl, &bus);

	if (r != EXIT_OK)
		return r;

	r = sd_bus_path_encode(SYSTEMD_PATH "/unit", target->unit, &path);
	if (r >= 0)
		r = sd_bus_get_property_string(bus, SYSTEMD_NAME, path, SYSTEMD_NAME ".Unit",
					       "ActiveState", &error, &target->active_state);
	if (r >= 0)
		r = sd_bus_get_property(bus, SYSTEMD_NAME, path, SYSTEMD_NAME ".Unit", "Job",
					&error, &job, "(uo)");
	if (r >= 0)
		r = sd_bus_message_read(job, "(uo)", &target->job, NULL);
	if (r < 0)
		return ctl_fail("systemd does not tell the state of %s: %s", target->unit,
				error.message ? error.message : strerror(-r));

	return EXIT_OK;
}

/* A typing error is told apart from a unit that fails, before systemd is bothered. */
static int find_target(struct ctl *ctl, const char *name, struct target *target)
{
	struct view view;
	struct facts *facts;
	int r = view_find(ctl, name, &view, &facts);

	if (r != EXIT_OK)
		return r;

	*target = (struct target){.name = name,
				  .unit = name_to_unit(name),
				  .is_running = facts_runs(facts),
				  .last = facts->last};
	view_release(&view);
	return target->unit ? read_unit(ctl, target) : ctl_fail("Out of memory.");
}

static void target_release(struct target *target)
{
	free(target->unit);
	free(target->active_state);
}

static bool is_in_state(const struct target *target, const char *state)
{
	return target->active_state && strcmp(target->active_state, state) == 0;
}

enum job_kind { START, STOP, RESTART };

static int ask_for_job(struct ctl *ctl, const struct target *target, enum job_kind kind)
{
	static const struct {
		const char *systemd, *cellmgrd;
	} methods[] = {
		[START] = {"StartUnit", "StartCell"},
		[STOP] = {"StopUnit", "StopCell"},
		[RESTART] = {"RestartUnit", "RestartCell"},
	};
	const struct request request = {
		.method = methods[kind].systemd,
		.unit = target->unit,
		.cellmgrd = bus_is_needed(ctl) ? methods[kind].cellmgrd : NULL,
		.cell = target->name,
	};
	int r = kind == START ? EXIT_OK : holds_check(ctl, target->name);

	return r == EXIT_OK ? run_request(ctl, &request, !ctl->no_block) : r;
}

static int start(struct ctl *ctl, const struct target *target)
{
	char *wait[] = {(char *)"wait", (char *)target->name, NULL};
	int r = EXIT_OK;

	if (!is_in_state(target, "active") || target->job)
		r = ask_for_job(ctl, target, START);
	else if (!ctl->quiet)
		printf("The cell \"%s\" runs already: there is nothing to do.\n", target->name);
	if (r != EXIT_OK || !ctl->wait)
		return r;

	return ctl_wait(ctl, 2, wait);
}

static int fail_not_running(const struct target *target)
{
	const char *why = target->last.message;

	if (is_in_state(target, "failed"))
		ctl_fail("The cell \"%s\" is not running, it failed%s%s `cellctl start %s` starts "
			 "it again.",
			 target->name, *why ? ": " : ".", why, target->name);
	else
		ctl_fail("The cell \"%s\" is not running; `cellctl start %s` starts it.",
			 target->name, target->name);
	return EXIT_NOT_RUNNING;
}

/* A unit that has ended has nothing to stop, whatever the cell does; a queued start it has. */
static int stop(struct ctl *ctl, const struct target *target)
{
	bool has_ended = is_in_state(target, "inactive") || is_in_state(target, "failed");

	if (!has_ended || target->job)
		return ask_for_job(ctl, target, STOP);
	if (!target->is_running)
		return fail_not_running(target);

	return ctl_fail(
		"The cell \"%s\" runs, but %s does not control it: `cellctl start %s` takes "
		"it under control, `cellctl destroy --force %s` ends it.",
		target->name, target->unit, target->name, target->name);
}

static int restart(struct ctl *ctl, const struct target *target)
{
	return ask_for_job(ctl, target, RESTART);
}

static int with_target(struct ctl *ctl, const char *name,
		       int (*run)(struct ctl *ctl, const struct target *target))
{
	struct target target = {0};
	int r = find_target(ctl, name, &target);

	if (r == EXIT_OK)
		r = run(ctl, &target);
	target_release(&target);
	return r;
}

int ctl_start(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return with_target(ctl, argv[1], start);
}

int ctl_stop(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return with_target(ctl, argv[1], stop);
}

int ctl_restart(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return with_target(ctl, argv[1], restart);
}
