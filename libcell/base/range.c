// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/range.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ranges_clear(struct ranges *set)
{
	free(set->items);
	*set = (struct ranges){0};
}

int ranges_copy(const struct ranges *set, struct ranges *ret)
{
	size_t room = (set->n + RANGES_STEP - 1) / RANGES_STEP * RANGES_STEP;
	struct range *items = calloc(room ?: 1, sizeof(*items));

	if (!items)
		return -ENOMEM;

	if (set->n)
		memcpy(items, set->items, set->n * sizeof(*items));
	*ret = (struct ranges){set->n, items};
	return 0;
}

static int make_room(struct ranges *set)
{
	struct range *items;

	if (set->n % RANGES_STEP)
		return 0;

	items = reallocarray(set->items, set->n + RANGES_STEP, sizeof(*items));
	if (!items)
		return -ENOMEM;

	set->items = items;
	return 0;
}

static void drop(struct ranges *set, size_t index)
{
	set->n--;
	memmove(&set->items[index], &set->items[index + 1],
		(set->n - index) * sizeof(set->items[0]));
}

/* There has to be room. */
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
	int r;

	if (!size)
		return 0;

	r = make_room(set);
	if (r < 0)
		return r;

	/* Swallow all that touch, then put the union in their place. */
	while (i < set->n && range_end(&set->items[i]) < start)
		i++;
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

/* What is left of one range: the piece before start, that behind end, both, or nothing. */
static int cut(struct ranges *set, size_t index, uint64_t start, uint64_t end)
{
	uint64_t old_start = set->items[index].start, old_end = range_end(&set->items[index]);
	int r;

	if (old_start < start && old_end > end) {
		r = make_room(set);
		if (r < 0)
			return r;
		insert(set, index + 1, end, old_end - end);
	}
	if (old_start < start)
		set->items[index].size = start - old_start;
	else if (old_end > end)
		set->items[index] = (struct range){end, old_end - end};
	else
		drop(set, index);
	return 0;
}

/* From the last one on: what is cut has only moved what has been looked at. */
int ranges_remove(struct ranges *set, uint64_t start, uint64_t size)
{
	for (size_t i = size ? set->n : 0; i-- > 0;) {
		int r = 0;

		if (range_overlaps(set->items[i].start, set->items[i].size, start, size))
			r = cut(set, i, start, start + size);
		if (r < 0)
			return r;
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
