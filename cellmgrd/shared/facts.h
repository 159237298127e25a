/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is true of a cell at one moment, gathered afresh from its three owners: the kernel (does it
 * exist, what does it do), the description directories, and systemd (is its unit on the way up or
 * down). Nothing else is asked, so a restarted daemon knows as much as one that never stopped.
 * cellctl gathers the same without a daemon, or is told it by one.
 */
#ifndef CELLMGRD_FACTS_H
#define CELLMGRD_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell.h"
#include "summary.h"
#include "record.h"

#define FACTS_CPUS_MAX 256

struct facts {
	char name[32];
	char *config_path; /* "" without a description */
	uint64_t digest;   /* of the description's bytes; 0 without one */
	char *description; /* its text for people, as it is; "" where it has none */
	/* One of cell_state_to_string(), or "defined" "starting" "stopping". */
	const char *state;
	bool exists;  /* in the kernel */
	bool managed; /* a unit is at it: active, or on the way up or down */
	unsigned id;  /* 0 where it does not exist */
	unsigned cpus[FACTS_CPUS_MAX];
	size_t n_cpus;
	char **devices;	 /* names, as of cell_cell_devices(); NULL: none, or it does not exist */
	uint64_t memory; /* bytes of RAM: what it has, or would have; 0: unknown */
	/* Of its last start, in microseconds of these clocks; 0: it does not exist, or none yet. */
	uint64_t started_realtime;
	uint64_t started_monotonic;
	struct record last; /* how it failed, or how its last run ended */
};

struct facts_list {
	struct facts *items;
	size_t n;
};

/* ActiveState of the unit of cell `name`; one of its own while only ExecStopPost= still runs. */
#define UNIT_REAPING "reaping"
typedef const char *(*facts_unit_fn)(const void *userdata, const char *name);

/*
 * Every cell that is described or exists. hv: NULL while there is no driver. summaries: of the
 * descriptions, for the next time. unit: NULL where nobody follows the units, which are taken as
 * inactive then.
 */
int facts_collect(cell_context *context, cell_hv *hv, struct summaries *summaries,
		  facts_unit_fn unit, const void *userdata, struct facts_list *ret);
struct facts *facts_find(const struct facts_list *list, const char *name);
void facts_list_free(struct facts_list *list);

/* Appends one that nothing is known of but where its description is. */
int facts_add(struct facts_list *list, const char *name, const char *config_path,
	      struct facts **ret);

/* Frees what it points to. */
void facts_release(struct facts *facts);

/* Running, running/locked or stopping. */
bool facts_runs(const struct facts *facts);

/* The guest exists and has failed: `last` says on which CPU. */
bool facts_has_failed(const struct facts *facts);

#endif
