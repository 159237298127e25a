// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "cell-object.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
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
	facts->devices = NULL;
}

int cell_object_new(struct facts *facts, struct cell_object **ret)
{
	struct cell_object *cell = calloc(1, sizeof(*cell));

	if (!cell)
		return -ENOMEM;

	cell->unit = name_to_unit(facts->name);
	if (!cell->unit) {
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

/* None, or an empty list, are the same. */
static bool same_devices(char *const *a, char *const *b)
{
	while (a && *a && b && *b && strcmp(*a, *b) == 0)
		a++, b++;
	return (!a || !*a) && (!b || !*b);
}

static bool same_details(const struct record *a, const struct record *b)
{
	return strcmp(a->reason, b->reason) == 0 && strcmp(a->message, b->message) == 0 &&
	       a->cpu == b->cpu && a->rip == b->rip && a->address == b->address &&
	       a->detail == b->detail;
}

unsigned cell_object_update(struct cell_object *cell, struct facts *facts)
{
	const struct facts *old = &cell->facts;
	const bool changed[CELL_N_FACTS] = {
		[CELL_FACT_STATE] = strcmp(old->state, facts->state) != 0,
		[CELL_FACT_RESULT] = strcmp(old->last.result, facts->last.result) != 0,
		[CELL_FACT_FAILURE] = !same_details(&old->last, &facts->last),
		[CELL_FACT_ID] = old->id != facts->id,
		[CELL_FACT_CPUS] = !same_cpus(old, facts),
		[CELL_FACT_FAILED_CPUS] = !same_failed_cpus(old, facts),
		[CELL_FACT_CONFIG_PATH] = strcmp(old->config_path, facts->config_path) != 0,
		[CELL_FACT_DIGEST] = old->digest != facts->digest,
		[CELL_FACT_MANAGED] = old->managed != facts->managed,
		[CELL_FACT_DESCRIPTION] = strcmp(old->description, facts->description) != 0,
		[CELL_FACT_MEMORY] = old->memory != facts->memory,
		[CELL_FACT_DEVICES] = !same_devices(old->devices, facts->devices),
		[CELL_FACT_START] = old->started_monotonic != facts->started_monotonic,
	};
	unsigned mask = 0;

	for (unsigned i = 0; i < CELL_N_FACTS; i++)
		mask |= (unsigned)changed[i] << i;

	/* The same start, however often the other clock has been set since. */
	if (!changed[CELL_FACT_START])
		facts->started_realtime = old->started_realtime;
	facts_release(&cell->facts);
	take_facts(cell, facts);
	if (changed[CELL_FACT_STATE])
		stamp(cell);
	return mask;
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

int cell_object_stats(const struct cell_object *object, cell_hv *hv, int cpu, struct cell_stat *ret,
		      size_t *ret_n)
{
	CLEANUP_CELL cell_cell *cell = NULL;
	const unsigned *cpus;
	size_t n_cpus, n = 0;
	int r;

	if (!hv)
		return -ENOENT;
	r = cell_cell_by_name(hv, object->facts.name, &cell);
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
