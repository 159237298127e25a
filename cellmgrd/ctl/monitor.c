// SPDX-License-Identifier: LGPL-2.1-or-later
/* monitor: a line for each change of a cell's state. wait: until a cell is in a state. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "ctl.h"
#include "exit-status.h"
#include "term.h"
#include "view.h"
#include "watch.h"

#define FOREVER UINT64_MAX

/* The last state told of each cell, so that a second look tells what is new only. */
struct seen {
	struct ctl *ctl;
	unsigned n; /* lines written */
	struct entry {
		struct entry *next;
		char name[32];
		char state[32];
	} * entries;
};

static struct entry *entry_of(struct seen *seen, const char *name)
{
	struct entry *entry = seen->entries;

	while (entry && strcmp(entry->name, name) != 0)
		entry = entry->next;
	if (entry)
		return entry;

	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	entry->next = seen->entries;
	seen->entries = entry;
	return entry;
}

static void print_change(const struct ctl *ctl, const char *name, const char *old, const char *new)
{
	char when[32];
	time_t now = time(NULL);

	strftime(when, sizeof(when), "%FT%T%z", localtime(&now));
	if (ctl->format == TABLE_TEXT) {
		printf("%s %s: %s%s%s%s%s\n", when, name, old, *old ? " -> " : "",
		       term_state_color(new), new, term_normal());
	} else {
		CLEANUP_JSON json_object *o = json_object_new_object();

		json_object_object_add(o, "time", json_object_new_string(when));
		json_object_object_add(o, "name", json_object_new_string(name));
		json_object_object_add(o, "from", json_object_new_string(old));
		json_object_object_add(o, "state", json_object_new_string(new));
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	}
	fflush(stdout);
}

/* --iterations= counts lines, however many cells there are at first. */
static bool is_full(const struct seen *seen)
{
	return seen->ctl->iterations > 0 && seen->n >= seen->ctl->iterations;
}

static void on_change(void *userdata, const char *name, const char *state)
{
	struct seen *seen = userdata;
	struct entry *entry = entry_of(seen, name);
	const char *new = state ? state : "gone";

	if (!entry || strcmp(entry->state, new) == 0 || is_full(seen))
		return;

	print_change(seen->ctl, name, entry->state, new);
	seen->n++;
	snprintf(entry->state, sizeof(entry->state), "%s", new);
}

int ctl_monitor(struct ctl *ctl, int argc, char **argv)
{
	struct seen seen = {.ctl = ctl};
	struct watch watch;
	int r = watch_begin(&watch, ctl, on_change, &seen);

	(void)argc, (void)argv;
	while (r == EXIT_OK && !is_full(&seen) && !ferror(stdout))
		r = watch_process(&watch, FOREVER);

	while (seen.entries) {
		struct entry *next = seen.entries->next;

		free(seen.entries);
		seen.entries = next;
	}
	return r;
}

struct wait {
	const char *name;
	char **states; /* wanted; none: any in which it does not run */
	int n_states;
	char state[32];
};

static void on_wait_change(void *userdata, const char *name, const char *state)
{
	struct wait *wait = userdata;

	if (strcmp(name, wait->name) == 0)
		snprintf(wait->state, sizeof(wait->state), "%s", state ? state : "gone");
}

/* A cell that is running/locked is running, and it is locked. */
static bool is_in(const struct wait *wait, const char *wanted)
{
	if (strcmp(wait->state, "running/locked") == 0 &&
	    (strcmp(wanted, "running") == 0 || strcmp(wanted, "locked") == 0))
		return true;

	return strcmp(wait->state, wanted) == 0;
}

static bool is_over(const struct wait *wait)
{
	static const char *const ended[] = {"stopped", "shut down", "failed", "defined", "gone"};

	for (int i = 0; i < wait->n_states; i++)
		if (is_in(wait, wait->states[i]))
			return true;
	for (size_t i = 0; wait->n_states == 0 && i < ARRAY_SIZE(ended); i++)
		if (strcmp(ended[i], wait->state) == 0)
			return true;

	return false;
}

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int wait_until_over(struct watch *watch, const struct wait *wait, double timeout)
{
	uint64_t end = timeout > 0 ? now_usec() + (uint64_t)(timeout * 1e6) : FOREVER;
	int r = EXIT_OK;

	while (r == EXIT_OK && !is_over(wait)) {
		uint64_t now = now_usec();

		if (now >= end)
			return ctl_fail("The cell \"%s\" is %s after %g s.", wait->name,
					wait->state, timeout);
		r = watch_process(watch, end == FOREVER ? FOREVER : end - now);
	}

	return r;
}

static bool is_state(const char *text)
{
	static const char *const states[] = {"defined", "starting", "running", "running/locked",
					     "locked",	"stopping", "stopped", "shut down",
					     "failed",	"gone"};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i], text) == 0)
			return true;

	return false;
}

int ctl_wait(struct ctl *ctl, int argc, char **argv)
{
	struct wait wait = {.name = argv[1], .states = argv + 2, .n_states = argc - 2};
	struct view view;
	struct facts *facts;
	struct watch watch;
	int r;

	for (int i = 2; i < argc; i++)
		if (!is_state(argv[i])) {
			ctl_fail("No cell is ever \"%s\"; `cellctl help wait` lists the states.",
				 argv[i]);
			return EXIT_USAGE;
		}

	r = view_find(ctl, argv[1], &view, &facts);
	if (r != EXIT_OK)
		return r;
	view_release(&view);

	r = watch_begin(&watch, ctl, on_wait_change, &wait);
	if (r == EXIT_OK)
		r = wait_until_over(&watch, &wait, ctl->timeout);
	if (r == EXIT_OK && wait.n_states == 0 && strcmp(wait.state, "failed") == 0)
		return ctl_fail("The cell \"%s\" has failed; `cellctl status %s` says how.",
				wait.name, wait.name);

	return r;
}
