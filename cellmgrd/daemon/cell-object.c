// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "cell-object.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "manager.h"
#include "name.h"

static uint64_t now_usec(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void stamp(struct cell_object *cell)
{
	cell->changed_realtime = now_usec(CLOCK_REALTIME);
	cell->changed_monotonic = now_usec(CLOCK_MONOTONIC);
}

static void take_facts(struct cell_object *cell, struct facts *facts)
{
	cell->facts = *facts;
	facts->config_path = facts->description = NULL;
}

int cell_object_new(struct manager *manager, struct facts *facts, struct cell_object **ret)
{
	struct cell_object *cell = calloc(1, sizeof(*cell));

	if (!cell)
		return -ENOMEM;

	cell->manager = manager;
	cell->unit = name_to_unit(facts->name);
	if (!cell->unit || sd_bus_path_encode(CELL_PATH_PREFIX, facts->name, &cell->path) < 0) {
		cell_object_free(cell);
		return -ENOMEM;
	}

	take_facts(cell, facts);
	stamp(cell);

	*ret = cell;
	return 0;
}

struct cell_object *cell_object_free(struct cell_object *cell)
{
	if (!cell)
		return NULL;

	free(cell->path);
	free(cell->unit);
	facts_release(&cell->facts);
	free(cell);
	return NULL;
}

static bool same_cpus(const struct facts *a, const struct facts *b)
{
	return a->n_cpus == b->n_cpus &&
	       memcmp(a->cpus, b->cpus, a->n_cpus * sizeof(a->cpus[0])) == 0;
}

static bool same_failed_cpus(const struct facts *a, const struct facts *b)
{
	return facts_has_failed(a) == facts_has_failed(b) &&
	       (!facts_has_failed(a) || a->last.cpu == b->last.cpu);
}

static bool same_details(const struct record *a, const struct record *b)
{
	return strcmp(a->reason, b->reason) == 0 && strcmp(a->message, b->message) == 0 &&
	       a->cpu == b->cpu && a->rip == b->rip && a->address == b->address &&
	       a->detail == b->detail;
}

void cell_object_update(struct cell_object *cell, struct facts *facts)
{
	const struct facts *old = &cell->facts;
	bool state = strcmp(old->state, facts->state) != 0;
	bool started = old->started_monotonic != facts->started_monotonic;
	const struct {
		bool changed;
		const char *property;
	} table[] = {
		{state, "State"},
		{state, "StateChangeTimestamp"},
		{state, "StateChangeTimestampMonotonic"},
		{strcmp(old->last.result, facts->last.result) != 0, "Result"},
		{!same_details(&old->last, &facts->last), "FailureDetails"},
		{old->id != facts->id, "Id"},
		{!same_cpus(old, facts), "CPUs"},
		{!same_failed_cpus(old, facts), "FailedCPUs"},
		{strcmp(old->config_path, facts->config_path) != 0, "ConfigPath"},
		{old->digest != facts->digest, "ConfigDigest"},
		{old->managed != facts->managed, "Managed"},
		{strcmp(old->description, facts->description) != 0, "Description"},
		{old->memory != facts->memory, "Memory"},
		{started, "StartTimestamp"},
		{started, "StartTimestampMonotonic"},
	};
	char *names[ARRAY_SIZE(table) + 1] = {NULL};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].changed)
			names[n++] = (char *)table[i].property;

	/* The same start, however often the other clock has been set since. */
	if (!started)
		facts->started_realtime = old->started_realtime;
	facts_release(&cell->facts);
	take_facts(cell, facts);
	if (state)
		stamp(cell);
	if (n > 0)
		sd_bus_emit_properties_changed_strv(cell->manager->bus, cell->path, CELL_INTERFACE,
						    names);
}

static int add_cpu(cell_cell *cell, unsigned cpu, struct cell_stat *sum, size_t *n)
{
	struct cell_stat stats[CELL_N_STATS_MAX];
	int count = cell_cell_stats(cell, cpu, stats);

	if (count < 0)
		return count;

	/* The names come in one fixed order for every CPU. */
	for (size_t i = 0; i < (size_t)count; i++) {
		if (i == *n)
			sum[(*n)++] = (struct cell_stat){.name = stats[i].name};
		sum[i].count += stats[i].count;
	}

	return 0;
}

int cell_object_stats(struct cell_object *object, int cpu, struct cell_stat *ret, size_t *ret_n)
{
	CLEANUP_CELL cell_cell *cell = NULL;
	const unsigned *cpus;
	size_t n_cpus, n = 0;
	int r;

	if (!object->manager->hv)
		return -ENOENT;
	r = cell_cell_by_name(object->manager->hv, object->facts.name, &cell);
	if (r < 0)
		return r;

	cpus = cell_cell_cpus(cell, &n_cpus);
	for (size_t i = 0; i < n_cpus; i++) {
		if (cpu >= 0 && cpus[i] != (unsigned)cpu)
			continue;
		r = add_cpu(cell, cpus[i], ret, &n);
		if (r < 0)
			return r;
	}

	*ret_n = n;
	return 0;
}
