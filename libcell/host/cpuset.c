// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/cpuset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void cpuset_remove_all(struct cpuset *set, const struct cpuset *gone)
{
	for (size_t i = 0; i < CELLHV_MAX_CPUS / 64; i++)
		set->bits[i] &= ~gone->bits[i];
}

unsigned cpuset_count(const struct cpuset *set)
{
	unsigned count = 0;

	for (size_t i = 0; i < CELLHV_MAX_CPUS / 64; i++)
		count += (unsigned)__builtin_popcountll(set->bits[i]);
	return count;
}

int cpuset_parse(const char *text, struct cpuset *ret)
{
	unsigned long n;

	return cpuset_parse_all(text, ret, &n);
}

int cpuset_parse_all(const char *text, struct cpuset *ret, unsigned long *ret_n)
{
	struct cpuset set = {0};
	unsigned long n = 0;

	while (*text && *text != '\n') {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			return -EINVAL;

		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
			if (end == text)
				return -EINVAL;
		}
		if (last < first || (*end && *end != ',' && *end != '\n'))
			return -EINVAL;

		for (unsigned long cpu = first; cpu <= last && cpu < CELLHV_MAX_CPUS; cpu++)
			cpuset_add(&set, cpu);
		if (last >= n)
			n = last + 1;
		text = *end == ',' ? end + 1 : end;
	}
	*ret = set;
	*ret_n = n;
	return 0;
}

void cpuset_format(const struct cpuset *set, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned cpu = 0; cpu < CELLHV_MAX_CPUS && used < size; cpu++) {
		unsigned first = cpu;

		if (!cpuset_has(set, cpu))
			continue;

		while (cpuset_has(set, cpu + 1))
			cpu++;
		used += (size_t)snprintf(text + used, size - used, cpu > first ? "%s%u-%u" : "%s%u",
					 used ? "," : "", first, cpu);
	}
}
