/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is true of a cell at one moment, gathered afresh from its three owners: the kernel (does it
 * exist, what does it do), the description directories, and systemd (is its unit on the way up or
 * down). Nothing else is asked, so a restarted daemon knows as much as one that never stopped.
 */
#ifndef CELLMGRD_FACTS_H
#define CELLMGRD_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cell.h"
#include "record.h"

#define FACTS_CPUS_MAX 256

struct unit_watch;

struct facts {
	char name[32];
	char *config_path; /* "" without a description */
	const char
		*state; /* "defined" "starting" "running" "locked" "stopping" "stopped" "failed" */
	bool exists;	/* in the kernel */
	unsigned id;	/* 0 where it does not exist */
	unsigned cpus[FACTS_CPUS_MAX];
	size_t n_cpus;
	struct record last; /* how it failed, or how its last run ended */
};

struct facts_list {
	struct facts *items;
	size_t n;
};

/* Every cell that is described or exists. hv: NULL while there is no driver. */
int facts_collect(cell_context *context, cell_hv *hv, const struct unit_watch *units,
		  struct facts_list *ret);
struct facts *facts_find(const struct facts_list *list, const char *name);
void facts_list_free(struct facts_list *list);

#endif
