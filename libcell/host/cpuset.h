/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of Linux CPU numbers, in the layout of struct cellhv_cell_info. */
#ifndef LIBCELL_CPUSET_H
#define LIBCELL_CPUSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cellhv/config.h>

struct cpuset {
	uint64_t bits[CELLHV_MAX_CPUS / 64];
};

static inline bool cpuset_has(const struct cpuset *set, uint64_t cpu)
{
	return cpu < CELLHV_MAX_CPUS && (set->bits[cpu / 64] >> (cpu % 64) & 1);
}

static inline void cpuset_add(struct cpuset *set, uint64_t cpu)
{
	if (cpu < CELLHV_MAX_CPUS)
		set->bits[cpu / 64] |= (uint64_t)1 << (cpu % 64);
}

/* From `set`, whatever `gone` has. */
void cpuset_remove_all(struct cpuset *set, const struct cpuset *gone);

unsigned cpuset_count(const struct cpuset *set);

/* The kernel's list format, "0-2,5". -EINVAL. */
int cpuset_parse(const char *text, struct cpuset *ret);

/* *ret_n: one more than the highest number, which may be beyond the set. */
int cpuset_parse_all(const char *text, struct cpuset *ret, unsigned long *ret_n);

/* The same format, cut at size. */
void cpuset_format(const struct cpuset *set, char *text, size_t size);

#endif
