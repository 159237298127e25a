/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest or a device may cause only so many lines of the log in a second. */
#ifndef CORE_LINE_LIMIT_H
#define CORE_LINE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arch.h"
#include "core/machine.h"

#define LINES_PER_SECOND 8u

struct line_limit {
	uint64_t since; /* arch_ticks() */
	uint32_t lines; /* wanted since then */
};

/* false when they are used up. */
static inline bool line_limit_allows(struct line_limit *limit)
{
	uint64_t now = arch_ticks();

	if (now - limit->since > (uint64_t)machine.ticks_per_ms * 1000) {
		limit->since = now;
		limit->lines = 0;
	}
	return limit->lines++ < LINES_PER_SECOND;
}

#endif
