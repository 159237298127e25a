// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "bring-up.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "diag.h"
#include "event.h"
#include "exit-status.h"
#include "log.h"
#include "record.h"
#include "supervisor.h"

static int fail(const struct supervisor *s, const char *what, int r)
{
	const char *sentence = cell_context_last_error(s->context);

	log_error("Cannot %s: %s", what, *sentence ? sentence : strerror(-r));
	return EXIT_FAILED;
}

/*
 * A description that can never work is another thing than a machine that cannot now: CPUs, memory
 * and ports that are others' today may be free when systemd tries again.
 */
static bool is_wrong_for_good(const struct supervisor *s)
{
	static const char *const names[] = {"InvalidConfiguration", "ImageMissing",
					    "ImageTooLarge"};
	const char *name = cell_context_last_error_name(s->context);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;

	return false;
}

static int fail_description(const struct supervisor *s, const char *what, int r)
{
	if (!is_wrong_for_good(s))
		return fail(s, what, r);

	log_event(s->name, EVENT_REJECTED, LOG_ERR, "Cannot %s: %s", what,
		  cell_context_last_error(s->context));
	return EXIT_BAD_CONFIG;
}

/* 1: it runs and is ours now. 0: there is none to adopt. */
static int adopt(struct supervisor *s)
{
	CLEANUP_CELL cell_cell *cell = NULL;
	enum cell_state state;

	if (cell_cell_by_name(s->hv, s->name, &cell) < 0 || cell_cell_state(cell, &state, NULL) < 0)
		return 0;

	if (state == CELL_RUNNING || state == CELL_LOCKED) {
		log_notice("The cell runs already; adopting it. Its console starts again with the "
			   "oldest line that is kept.");
		s->cell = TAKE_PTR(cell);
		return 1;
	}

	/* A leftover: its memory and CPUs may not be what the description says today. */
	log_notice("Clearing away the %s cell of an earlier run.", cell_state_to_string(state));
	return cell_cell_destroy(cell, true);
}

static int create_and_start(struct supervisor *s)
{
	CLEANUP_HOST cell_host *host = NULL;
	int r;

	if (!s->desc) {
		log_event(s->name, EVENT_REJECTED, LOG_ERR,
			  "No %s.json in /etc/cells, /run/cells or /usr/lib/cells describes the "
			  "cell.",
			  s->name);
		return EXIT_BAD_CONFIG;
	}

	r = cell_host_new(s->context, NULL, &host);
	if (r < 0)
		return fail(s, "find out what this machine is", r);

	/* It checks all that there is to check, before it takes anything. */
	r = cell_cell_create(s->hv, s->desc, host, &s->cell);
	diag_print(stderr, s->desc);
	if (r < 0)
		return fail_description(s, "create the cell", r);

	r = cell_cell_start(s->cell);
	if (r < 0)
		return fail(s, "start the cell", r); /* --reap gives CPUs and memory back */

	return EXIT_OK;
}

int bring_up(struct supervisor *s)
{
	struct cell_hv_info info;
	int r = cell_hv_open(s->context, false, &s->hv);

	if (r < 0)
		return fail(s, "reach the hypervisor", r);
	r = cell_hv_info(s->hv, &info);
	if (r < 0)
		return fail(s, "reach the hypervisor", r);
	if (!info.enabled) {
		log_error("The hypervisor is not enabled; `systemctl restart "
			  "cell-hypervisor.service` enables it.");
		return EXIT_FAILED;
	}

	r = cell_desc_find(s->context, s->name, &s->desc);
	if (r < 0 && r != -ENOENT)
		return fail_description(s, "read the description", r);

	r = adopt(s);
	if (r < 0)
		return fail(s, "destroy the old cell", r);
	if (r == 0) {
		r = create_and_start(s);
		if (r != EXIT_OK)
			return r;
	}

	record_remove(s->name);
	return EXIT_OK;
}
