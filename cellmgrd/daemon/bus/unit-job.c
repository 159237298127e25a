// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "unit-job.h"

#include <errno.h>
#include <string.h>

#include "bus-error.h"
#include "cleanup.h"
#include "hold-bus.h"
#include "service.h"
#include "call.h"
#include "systemd-call.h"

enum verb { START, STOP, RESTART };

/* One call on its way: the unit's state is asked for, then the job. */
struct request {
	unsigned refs;
	struct service *service;
	sd_bus_message *call;
	enum verb verb;
	bool runs; /* the cell, as the kernel says */
	char *unit;
	const char *mode; /* of the call */
	char name[32];
};

struct unit_state {
	const char *active;
	uint32_t job; /* queued for it; 0: none */
};

static void request_unref(void *userdata)
{
	struct request *request = userdata;

	if (--request->refs > 0)
		return;
	sd_bus_message_unref(request->call);
	free(request->unit);
	free(request);
}

/* Sends m; the request lives at least until fn has had the answer. */
static int send(struct request *request, sd_bus_message *m, sd_bus_message_handler_t fn)
{
	CLEANUP_SLOT sd_bus_slot *slot = NULL;
	int r = sd_bus_call_async(request->service->bus, &slot, m, fn, request, 0);

	if (r < 0)
		return r;

	request->refs++;
	sd_bus_slot_set_destroy_callback(slot, request_unref);
	return sd_bus_slot_set_floating(slot, 1);
}

static int on_job(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct request *request = userdata;
	const char *job;
	int r;

	(void)error;
	if (sd_bus_message_is_method_error(answer, NULL))
		return sd_bus_reply_method_error(request->call, sd_bus_message_get_error(answer));

	r = sd_bus_message_read(answer, "o", &job);
	if (r < 0)
		return bus_error_reply(request->call, r, NULL);

	return sd_bus_reply_method_return(request->call, "o", job);
}

static int ask_for_job(struct request *request)
{
	static const char *const methods[] = {
		[START] = "StartUnit",
		[STOP] = "StopUnit",
		[RESTART] = "RestartUnit",
	};
	CLEANUP_MESSAGE sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(request->service->bus, &m, SYSTEMD_NAME,
					       SYSTEMD_PATH, SYSTEMD_MANAGER,
					       methods[request->verb]);

	if (r >= 0)
		r = sd_bus_message_append(m, "ss", request->unit,
					  *request->mode ? request->mode : "replace");

	return r < 0 ? r : send(request, m, on_job);
}

/* A queued job says that somebody is at it: systemd knows best how two of them go together. */
static int check(const struct request *request, const struct unit_state *state, sd_bus_error *error)
{
	bool is_active = strcmp(state->active, "active") == 0;
	bool has_ended =
		strcmp(state->active, "inactive") == 0 || strcmp(state->active, "failed") == 0;

	if (state->job)
		return 0;
	if (request->verb == START && is_active)
		return sd_bus_error_setf(error, BUS_ERROR_PREFIX "CellRunning",
					 "The cell \"%s\" runs already: there is nothing to start.",
					 request->name);
	if (request->verb != STOP || !has_ended)
		return 0;
	if (request->runs)
		return sd_bus_error_setf(
			error, BUS_ERROR_PREFIX "CellRunning",
			"The cell \"%s\" runs, but %s does not control it: StartCell takes it "
			"under control, Destroy with flag 1 ends it.",
			request->name, request->unit);

	return sd_bus_error_setf(error, BUS_ERROR_PREFIX "CellNotRunning",
				 "The cell \"%s\" is not running: there is nothing to stop.",
				 request->name);
}

/* Of a(ssssssouso) with one unit, or none that is loaded, the two fields that count. */
static int read_state(sd_bus_message *m, struct unit_state *ret)
{
	int r = sd_bus_message_enter_container(m, 'a', "(ssssssouso)");

	*ret = (struct unit_state){.active = "inactive"};
	if (r >= 0)
		r = sd_bus_message_read(m, "(ssssssouso)", NULL, NULL, NULL, &ret->active, NULL,
					NULL, NULL, &ret->job, NULL, NULL);
	return r;
}

static int on_state(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error)
{
	CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
	struct request *request = userdata;
	struct unit_state state;
	int r;

	(void)ret_error;
	if (sd_bus_message_is_method_error(answer, NULL))
		return sd_bus_reply_method_error(request->call, sd_bus_message_get_error(answer));

	r = read_state(answer, &state);
	if (r >= 0)
		r = check(request, &state, &error);
	if (r >= 0)
		r = ask_for_job(request);
	if (r < 0)
		bus_error_reply(request->call, r, &error);

	return 0;
}

/*
 * One answer with both, of what systemd has at hand. By name it would load the unit to answer, drop
 * it, load it again for the job, and tell all who listen of each unit that is in some way related.
 */
static int ask_for_state(struct request *request)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(request->service->bus, &m, SYSTEMD_NAME,
					       SYSTEMD_PATH, SYSTEMD_MANAGER,
					       "ListUnitsByPatterns");

	if (r >= 0)
		r = sd_bus_message_append(m, "asas", 0, 1, request->unit);

	return r < 0 ? r : send(request, m, on_state);
}

static int begin(struct service *service, sd_bus_message *call, enum verb verb, sd_bus_error *error)
{
	struct cell_object *cell;
	struct request *request;
	const char *mode;
	int r = call_target(service, call, &cell, error);

	if (r >= 0 && verb != START)
		r = hold_bus_check(service, cell->facts.name, error);
	if (r >= 0)
		r = sd_bus_message_read(call, "s", &mode);
	if (r < 0)
		return r;

	request = calloc(1, sizeof(*request));
	if (!request)
		return -ENOMEM;
	*request = (struct request){1,
				    service,
				    sd_bus_message_ref(call),
				    verb,
				    facts_runs(&cell->facts),
				    strdup(cell->unit),
				    mode,
				    ""};
	strcpy(request->name, cell->facts.name);

	r = request->unit ? ask_for_state(request) : -ENOMEM;
	request_unref(request);
	return r < 0 ? r : 1;
}

int unit_job_start(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	return begin(service, call, START, error);
}

int unit_job_stop(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	return begin(service, call, STOP, error);
}

int unit_job_restart(struct service *service, sd_bus_message *call, sd_bus_error *error)
{
	return begin(service, call, RESTART, error);
}
