/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* Ranges of addresses, ports and the like: a start and how many there are from there on. */
#ifndef CORE_RANGE_H
#define CORE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* Of two ranges that do not wrap around. */
static inline bool range_overlaps(uint64_t first, uint64_t size, uint64_t other,
				  uint64_t other_size)
{
	return first < other + other_size && other < first + size;
}

#endif
