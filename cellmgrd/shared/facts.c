// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"

struct facts *facts_find(const struct facts_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];

	return NULL;
}

void facts_release(struct facts *facts)
{
	free(facts->config_path);
	free(facts->description);
	facts->config_path = facts->description = NULL;
	facts->devices = cell_strv_free(facts->devices);
}

void facts_list_free(struct facts_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		facts_release(&list->items[i]);
	free(list->items);
	*list = (struct facts_list){0};
}

int facts_add(struct facts_list *list, const char *name, const char *config_path,
	      struct facts **ret)
{
	struct facts *items = reallocarray(list->items, list->n + 1, sizeof(*items));
	struct facts *facts;

	if (!items)
		return -ENOMEM;
	list->items = items;

	facts = &items[list->n];
	*facts = (struct facts){
		.config_path = strdup(config_path), .description = strdup(""), .state = "defined"};
	if (!facts->config_path || !facts->description) {
		facts_release(facts);
		return -ENOMEM;
	}
	snprintf(facts->name, sizeof(facts->name), "%s", name);
	record_clear(&facts->last);
	list->n++;

	*ret = facts;
	return 0;
}

bool facts_runs(const struct facts *facts)
{
	return strcmp(facts->state, cell_state_to_string(CELL_RUNNING)) == 0 ||
	       strcmp(facts->state, cell_state_to_string(CELL_LOCKED)) == 0 ||
	       strcmp(facts->state, "stopping") == 0;
}

bool facts_has_failed(const struct facts *facts)
{
	return facts->exists && strcmp(facts->state, "failed") == 0;
}

static int set_summary(struct facts *facts, const struct summary *summary)
{
	char *description = strdup(summary->description);

	if (!description)
		return -ENOMEM;
	free(facts->description);
	facts->description = description;
	facts->digest = summary->digest;
	facts->memory = summary->memory;
	return 0;
}

static int add_description(struct facts_list *list, cell_context *context, const char *path,
			   struct summaries *summaries)
{
	const char *file = strrchr(path, '/') + 1;
	CLEANUP_FREE char *name = strndup(file, strlen(file) - strlen(".json"));
	struct summary summary;
	struct facts *facts;
	int r;

	if (!name)
		return -ENOMEM;
	/* What cannot be read is a description that is wrong; what has been removed since is none.
	 */
	r = summary_of_file(summaries, context, path, &summary);
	if (r < 0 && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (r < 0)
		summary = (struct summary){.digest = (uint64_t)-r, .description = ""};

	r = facts_add(list, name, path, &facts);
	return r < 0 ? r : set_summary(facts, &summary);
}

static int add_descriptions(struct facts_list *list, cell_context *context,
			    struct summaries *summaries)
{
	CLEANUP_STRV char **paths = NULL;
	int r = cell_desc_list_paths(context, &paths);

	for (char **path = paths; r >= 0 && *path; path++)
		r = add_description(list, context, *path, summaries);

	summaries_sweep(summaries);
	return r;
}

static bool is(const char *unit, const char *state)
{
	return strcmp(unit, state) == 0;
}

/*
 * How the kernel and the unit together read. The kernel has the last word on a guest that has
 * failed, and on what is left when the unit's main process has ended.
 */
static const char *state_of_existing(enum cell_state state, const char *unit)
{
	if (state != CELL_FAILED && is(unit, "deactivating"))
		return "stopping";
	if (state == CELL_STOPPED && is(unit, "activating"))
		return "starting";

	return cell_state_to_string(state);
}

/*
 * A unit that has not ended yet has a cell that is on its way, up or down. Before `cell-run --reap`
 * destroys a cell it records how that ended, so there is no moment in which a failed one is none.
 */
static const char *state_of_absent(const char *unit, const struct record *last)
{
	if (is(unit, "activating"))
		return "starting";
	if (is(unit, "failed"))
		return "failed";
	if (is(unit, "inactive"))
		return "defined";
	if (is(unit, UNIT_REAPING) && record_tells_failure(last))
		return "failed";
	if (is(unit, UNIT_REAPING) && strcmp(last->result, "guest-shutdown") == 0)
		return cell_state_to_string(CELL_SHUT_DOWN);

	return "stopping";
}

static uint64_t now_usec(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* The kernel's is the clock that nobody sets; what it would have shown on the other one then. */
static void fill_start(struct facts *facts, cell_cell *cell)
{
	uint64_t ms;

	if (cell_cell_start_time(cell, &ms) < 0 || ms == 0)
		return;
	facts->started_monotonic = ms * 1000;
	facts->started_realtime =
		now_usec(CLOCK_REALTIME) - (now_usec(CLOCK_MONOTONIC) - facts->started_monotonic);
}

static void fill_existing(struct facts *facts, cell_cell *cell, const char *unit)
{
	struct cell_failure failure = {0};
	const unsigned *cpus;
	enum cell_state state;

	if (cell_cell_state(cell, &state, &failure) < 0)
		return;

	facts->exists = true;
	facts->state = state_of_existing(state, unit);
	facts->id = cell_cell_id(cell);
	cpus = cell_cell_cpus(cell, &facts->n_cpus);
	if (facts->n_cpus > FACTS_CPUS_MAX)
		facts->n_cpus = FACTS_CPUS_MAX;
	memcpy(facts->cpus, cpus, facts->n_cpus * sizeof(*cpus));
	facts->memory = 0;
	cell_cell_memory_size(cell, &facts->memory);
	cell_cell_devices(cell, &facts->devices);
	fill_start(facts, cell);

	if (state == CELL_FAILED)
		record_from_failure(&facts->last, &failure);
	else if (state == CELL_SHUT_DOWN)
		strcpy(facts->last.result, "guest-shutdown");
}

static const char *unit_state(facts_unit_fn unit, const void *userdata, const char *name)
{
	return unit ? unit(userdata, name) : "inactive";
}

static int add_existing(struct facts_list *list, cell_hv *hv, facts_unit_fn unit,
			const void *userdata)
{
	CLEANUP_CELL cell_cell *cell = NULL;
	cell_cell *next;
	int r;

	while ((r = cell_cell_next(hv, cell, &next)) >= 0) {
		struct facts *facts;

		cell_cell_unref(cell);
		cell = next;

		facts = facts_find(list, cell_cell_name(cell));
		if (!facts) {
			r = facts_add(list, cell_cell_name(cell), "", &facts);
			if (r < 0)
				return r;
		}
		fill_existing(facts, cell, unit_state(unit, userdata, facts->name));
	}

	return r == -ENOENT ? 0 : r;
}

static bool is_managed(const char *unit)
{
	return !is(unit, "inactive") && !is(unit, "failed");
}

/* How the last runs ended of those that do not exist: a look at the few records there are. */
static void add_records(struct facts_list *list)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(record_directory());
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct facts *facts;
		char name[sizeof(facts->name)];

		facts = record_is_of(entry->d_name, name, sizeof(name)) ? facts_find(list, name)
									: NULL;
		if (facts && !facts->exists)
			record_read(facts->name, &facts->last);
	}
}

int facts_collect(cell_context *context, cell_hv *hv, struct summaries *summaries,
		  facts_unit_fn unit, const void *userdata, struct facts_list *ret)
{
	struct facts_list list = {0};
	int r = add_descriptions(&list, context, summaries);

	if (r >= 0 && hv)
		r = add_existing(&list, hv, unit, userdata);
	if (r < 0) {
		facts_list_free(&list);
		return r;
	}

	add_records(&list);
	for (size_t i = 0; i < list.n; i++) {
		struct facts *facts = &list.items[i];
		const char *state = unit_state(unit, userdata, facts->name);

		facts->managed = is_managed(state);
		if (!facts->exists)
			facts->state = state_of_absent(state, &facts->last);
	}

	*ret = list;
	return 0;
}
