// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "human.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "cleanup.h"

#define USEC_PER_SEC 1000000u

const char *human_size(uint64_t bytes, char text[HUMAN_MAX])
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t unit = 1, tenths;
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && bytes / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	/* Cut, not rounded: nothing looks larger than it is. */
	tenths = (bytes % unit >> (i > 0 ? 10 * (i - 1) : 0)) * 10 / 1024;
	if (tenths > 0 && i > 0)
		snprintf(text, HUMAN_MAX, "%" PRIu64 ".%" PRIu64 " %s", bytes / unit, tenths,
			 units[i]);
	else
		snprintf(text, HUMAN_MAX, "%" PRIu64 " %s", bytes / unit, units[i]);
	return text;
}

const char *human_duration(uint64_t usec, char text[HUMAN_MAX])
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	uint64_t seconds = usec / USEC_PER_SEC, rest;
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && seconds < units[i].seconds)
		i++;
	rest = i + 1 < ARRAY_SIZE(units) ? seconds % units[i].seconds / units[i + 1].seconds : 0;
	if (rest > 0)
		snprintf(text, HUMAN_MAX, "%" PRIu64 " %s %" PRIu64 " %s",
			 seconds / units[i].seconds, units[i].name, rest, units[i + 1].name);
	else
		snprintf(text, HUMAN_MAX, "%" PRIu64 " %s", seconds / units[i].seconds,
			 units[i].name);
	return text;
}

const char *human_time(uint64_t usec, char text[HUMAN_MAX])
{
	time_t seconds = (time_t)(usec / USEC_PER_SEC);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(text, HUMAN_MAX, "%a %F %T %Z", &tm))
		snprintf(text, HUMAN_MAX, "%" PRIu64 " s", usec / USEC_PER_SEC);
	return text;
}

uint64_t human_since(uint64_t usec)
{
	struct timespec now;
	uint64_t now_usec;

	clock_gettime(CLOCK_REALTIME, &now);
	now_usec = (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
	return now_usec > usec ? now_usec - usec : 0;
}
