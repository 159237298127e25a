// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "bring-up.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "diag.h"
#include "event.h"
#include "exit-status.h"
#include "hypervisor.h"
#include "log.h"
#include "record.h"
#include "supervisor.h"

static const char *sentence_of(const struct supervisor *s, int r)
{
	const char *sentence = cell_context_last_error(s->context);

	return *sentence ? sentence : strerror(-r);
}

/* For who asks afterwards why it did not start. */
static void note(const struct supervisor *s, const char *result, const char *sentence)
{
	struct record record;
	int r;

	record_from_refusal(&record, result, cell_context_last_error_name(s->context), sentence);
	r = record_write(s->name, &record);
	if (r < 0)
		log_warning("Cannot record why the cell did not start: %s", strerror(-r));
}

static int fail(const struct supervisor *s, const char *what, int r)
{
	log_error("Cannot %s: %s", what, sentence_of(s, r));
	note(s, "resources", sentence_of(s, r));
	return EXIT_FAILED;
}

static int fail_hypervisor(const struct supervisor *s, const char *sentence)
{
	log_error("%s", sentence);
	note(s, "resources", sentence);
	return EXIT_FAILED;
}

static int reject(const struct supervisor *s, const char *sentence)
{
	log_event(s->name, EVENT_REJECTED, LOG_ERR, "%s", sentence);
	note(s, "config", sentence);
	return EXIT_BAD_CONFIG;
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
	char sentence[1024];

	if (!is_wrong_for_good(s))
		return fail(s, what, r);

	snprintf(sentence, sizeof(sentence), "Cannot %s: %s", what, sentence_of(s, r));
	return reject(s, sentence);
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

static int require_description(struct supervisor *s)
{
	char sentence[256];

	if (s->desc)
		return EXIT_OK;

	snprintf(sentence, sizeof(sentence),
		 "No %s.json in /etc/cells, /run/cells or /usr/lib/cells describes the cell.",
		 s->name);
	return reject(s, sentence);
}

static bool is_enabled(struct supervisor *s)
{
	struct cell_hv_info info;

	return s->hv && cell_hv_info(s->hv, &info) >= 0 && info.enabled;
}

/* All that there is to check, before the machine is changed for a cell that cannot be. */
static int check(struct supervisor *s, cell_host *host)
{
	int r = cell_desc_check(s->desc, host);

	if (r >= 0)
		return EXIT_OK;
	diag_print(stderr, s->desc);
	return fail_description(s, "create the cell", r);
}

static int enable_hypervisor(struct supervisor *s)
{
	int r = hypervisor_start();

	if (r < 0)
		return fail_hypervisor(s, "The hypervisor is not enabled, and systemd does not "
					  "start cell-hypervisor.service: `systemctl start "
					  "cell-hypervisor` says why.");

	if (!s->hv)
		r = cell_hv_open(s->context, false, &s->hv);
	if (is_enabled(s))
		return EXIT_OK;
	if (r < 0)
		return fail(s, "reach the hypervisor", r);

	return fail_hypervisor(s, "The hypervisor is not enabled; `journalctl -u cell-hypervisor` "
				  "says why, and `systemctl restart cell-hypervisor` tries again.");
}

static int create(struct supervisor *s, cell_host *host)
{
	/* It checks again, and against the other cells, before it takes anything. */
	int r = cell_cell_create(s->hv, s->desc, host, &s->cell);

	diag_print(stderr, s->desc);
	return r < 0 ? fail_description(s, "create the cell", r) : EXIT_OK;
}

static int create_and_start(struct supervisor *s)
{
	CLEANUP_HOST cell_host *host = NULL;
	int r = require_description(s), status = EXIT_OK;

	if (r != EXIT_OK)
		return r;
	r = cell_host_new(s->context, NULL, &host);
	if (r < 0)
		return fail(s, "find out what this machine is", r);

	if (!is_enabled(s))
		status = check(s, host);
	if (status == EXIT_OK && !is_enabled(s))
		status = enable_hypervisor(s);
	if (status == EXIT_OK)
		status = create(s, host);
	if (status != EXIT_OK)
		return status;

	r = cell_cell_start(s->cell);
	if (r < 0)
		return fail(s, "start the cell", r); /* --reap gives CPUs and memory back */

	return EXIT_OK;
}

int bring_up(struct supervisor *s)
{
	int r;

	/* What the last run left says nothing of this one. */
	record_remove(s->name);
	r = cell_hv_open(s->context, false, &s->hv);
	if (r < 0 && strcmp(cell_context_last_error_name(s->context), "ModuleMissing") != 0)
		return fail(s, "reach the hypervisor", r);

	r = cell_desc_find(s->context, s->name, &s->desc);
	if (r < 0 && r != -ENOENT)
		return fail_description(s, "read the description", r);

	r = is_enabled(s) ? adopt(s) : 0;
	if (r < 0)
		return fail(s, "destroy the old cell", r);

	return r > 0 ? EXIT_OK : create_and_start(s);
}
