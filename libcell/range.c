// SPDX-License-Identifier: LGPL-2.1-or-later
#include "range.h"

#include <errno.h>
#include <string.h>

static void drop(struct ranges *set, size_t index)
{
	set->n--;
	memmove(&set->items[index], &set->items[index + 1],
		(set->n - index) * sizeof(set->items[0]));
}

static void insert(struct ranges *set, size_t index, uint64_t start, uint64_t size)
{
	memmove(&set->items[index + 1], &set->items[index],
		(set->n - index) * sizeof(set->items[0]));
	set->items[index] = (struct range){start, size};
	set->n++;
}

int ranges_add(struct ranges *set, uint64_t start, uint64_t size)
{
	uint64_t end = start + size;
	size_t i = 0;

	while (i < set->n && range_end(&set->items[i]) < start)
		i++;
	if (set->n == RANGES_MAX && (i == set->n || set->items[i].start > end))
		return -E2BIG;

	/* Swallow all that touch, then put the union in their place. */
	while (i < set->n && set->items[i].start <= end) {
		if (set->items[i].start < start)
			start = set->items[i].start;
		if (range_end(&set->items[i]) > end)
			end = range_end(&set->items[i]);
		drop(set, i);
	}
	insert(set, i, start, end - start);
	return 0;
}

int ranges_remove(struct ranges *set, uint64_t start, uint64_t size)
{
	uint64_t end = start + size;

	for (size_t i = 0; i < set->n;) {
		uint64_t old_start = set->items[i].start, old_end = range_end(&set->items[i]);

		if (old_end <= start || old_start >= end) {
			i++;
			continue;
		}
		if (old_start < start && old_end > end) {
			if (set->n == RANGES_MAX)
				return -E2BIG;

			set->items[i].size = start - old_start;
			insert(set, i + 1, end, old_end - end);
			return 0;
		}
		if (old_start < start) {
			set->items[i++].size = start - old_start;
		} else if (old_end > end) {
			set->items[i++] = (struct range){end, old_end - end};
		} else {
			drop(set, i);
		}
	}
	return 0;
}

bool ranges_touch(const struct ranges *set, uint64_t start, uint64_t size)
{
	for (size_t i = 0; i < set->n; i++)
		if (range_overlaps(set->items[i].start, set->items[i].size, start, size))
			return true;
	return false;
}

bool ranges_cover(const struct ranges *set, uint64_t start, uint64_t size)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->items[i].start <= start && range_end(&set->items[i]) >= start + size)
			return true;
	return false;
}

uint64_t ranges_total(const struct ranges *set)
{
	uint64_t total = 0;

	for (size_t i = 0; i < set->n; i++)
		total += set->items[i].size;
	return total;
}
