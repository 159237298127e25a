/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of address ranges: sorted, disjoint, adjacent ones merged. */
#ifndef LIBCELL_RANGE_H
#define LIBCELL_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t start;
	uint64_t size; /* bytes, not 0 */
};

struct ranges {
	size_t n;
	struct range *items; /* room for n, rounded up to RANGES_STEP */
};

#define RANGES_STEP 16

static inline uint64_t range_end(const struct range *range)
{
	return range->start + range->size;
}

static inline bool range_overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

void ranges_clear(struct ranges *set);
#define _cleanup_ranges_ __attribute__((cleanup(ranges_clear)))

/* -ENOMEM. What these three change is unchanged then. Nothing of no size is ever in a set. */
int ranges_copy(const struct ranges *set, struct ranges *ret);
int ranges_add(struct ranges *set, uint64_t start, uint64_t size);
int ranges_remove(struct ranges *set, uint64_t start, uint64_t size);
bool ranges_touch(const struct ranges *set, uint64_t start, uint64_t size);
bool ranges_cover(const struct ranges *set, uint64_t start, uint64_t size);
uint64_t ranges_total(const struct ranges *set);

#endif
