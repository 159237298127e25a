/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which CPUs are threads of one core. Linux knows it of CPUs that are online alone, so it goes on
 * record when the hypervisor is enabled, before any goes to a cell. CPUs that are offline by then
 * are not in it: nobody can have them until it is disabled.
 */
#ifndef LIBCELL_TOPOLOGY_H
#define LIBCELL_TOPOLOGY_H

#include "host/cpuset.h"

#define TOPOLOGY_RECORD "/run/cellmgr/cpu-threads"

struct topology {
	uint16_t core[CELLHV_MAX_CPUS]; /* lowest thread; the CPU itself where no other is known */
};

/* From Linux and from the record. -ENOMEM. */
int topology_read(const char *root, const struct cpuset *online, struct topology *ret);

/* Negative errno of writing. */
int topology_record(const char *root, const struct topology *topology);
void topology_forget(const char *root);

/* All threads of a CPU's core, itself among them. */
void topology_threads(const struct topology *topology, uint32_t cpu, struct cpuset *ret);

#endif
