// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "reap.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "event.h"
#include "exit-status.h"
#include "log.h"
#include "record.h"

static bool environment_is(const char *variable, const char *value)
{
	const char *actual = getenv(variable);

	return actual && strcmp(actual, value) == 0;
}

/* systemd.exec(5): $SERVICE_RESULT and $EXIT_STATUS tell ExecStopPost= how the service ended. */
static const char *result_of_service(void)
{
	if (environment_is("SERVICE_RESULT", "success"))
		return "success";
	if (environment_is("SERVICE_RESULT", "timeout") ||
	    environment_is("SERVICE_RESULT", "watchdog"))
		return "timeout";
	if (environment_is("EXIT_STATUS", "78"))
		return "config";

	return "resources";
}

/* systemd.exec(5): from 200 on the status says that systemd could not even execute it. */
static bool has_run(void)
{
	const char *status = getenv("EXIT_STATUS");

	return !status || atoi(status) < 200;
}

/* What cell-run itself has recorded of this run says more than systemd does. */
static void record_service(const char *name, struct record *record)
{
	const char *result = result_of_service();

	if (has_run() && record_read(name, record) >= 0 && strcmp(record->result, result) == 0)
		return;

	record_clear(record);
	strcpy(record->result, result);
}

static void record_end(const char *name, cell_cell *cell)
{
	struct cell_failure failure = {0};
	struct record record;
	enum cell_state state = CELL_STOPPED;
	int r;

	record_service(name, &record);
	if (cell && cell_cell_state(cell, &state, &failure) >= 0) {
		if (state == CELL_FAILED)
			record_from_failure(&record, &failure);
		else if (state == CELL_SHUT_DOWN)
			strcpy(record.result, "guest-shutdown");
	}

	r = record_write(name, &record);
	if (r < 0)
		log_warning("Cannot record how the cell ended: %s", strerror(-r));
}

int reap(const char *name)
{
	CLEANUP_CONTEXT cell_context *context = NULL;
	CLEANUP_HV cell_hv *hv = NULL;
	CLEANUP_CELL cell_cell *cell = NULL;
	enum cell_state state;
	int r = cell_context_new(&context);

	if (r < 0)
		return EXIT_FAILED;
	cell_context_set_log_fn(context, log_from_libcell, NULL);

	if (cell_hv_open(context, false, &hv) < 0 || cell_cell_by_name(hv, name, &cell) < 0 ||
	    cell_cell_state(cell, &state, NULL) < 0) {
		record_end(name, NULL);
		return EXIT_OK;
	}
	if (environment_is("SERVICE_RESULT", "watchdog")) {
		log_event(name, EVENT_HUNG, LOG_ERR,
			  "The guest gave no sign of life for longer than WatchdogSec= allows; "
			  "destroying it.");
	} else if (state == CELL_RUNNING || state == CELL_LOCKED) {
		log_warning(
			"The cell still runs and is left alone; `systemctl start cell@%s` takes "
			"it under control again.",
			name);
		/* Nor is that a good end, whatever signal systemd takes for a clean one. */
		return environment_is("SERVICE_RESULT", "success") ? EXIT_FAILED : EXIT_OK;
	}

	record_end(name, cell);
	r = cell_cell_destroy(cell, true);
	if (r < 0) {
		log_error("Cannot destroy the %s cell: %s", cell_state_to_string(state),
			  cell_context_last_error(context));
		return EXIT_FAILED;
	}

	log_info("CPUs and memory of the cell are Linux's again.");
	return EXIT_OK;
}
