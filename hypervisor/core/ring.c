/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/ring.h"

#include "core/string.h"

void ring_init(struct ring *ring, void *data, uint32_t size)
{
	*ring = (struct ring){.data = data, .size = size};
}

/*
 * The byte replaces one that a reader may be copying. The fence keeps it behind the earlier advance
 * of the position, so a reader that got the new byte also sees that its own has been overwritten.
 */
void ring_put(struct ring *ring, char c)
{
	uint64_t position = ring->position;

	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&ring->data[position & (ring->size - 1)], (uint8_t)c, __ATOMIC_RELAXED);
	__atomic_store_n(&ring->position, position + 1, __ATOMIC_RELEASE);
}

/* One byte less than the ring has, as the writer may be replacing that one. */
static uint64_t oldest(const struct ring *ring, uint64_t position)
{
	uint64_t kept = ring->size - 1;

	return position > kept ? position - kept : 0;
}

size_t ring_read(const struct ring *ring, uint64_t *position, char *buffer, size_t size)
{
	uint64_t end = __atomic_load_n(&ring->position, __ATOMIC_ACQUIRE);
	uint64_t from = *position, valid = oldest(ring, end);
	size_t count, lost;

	if (from < valid)
		from = valid;
	if (from > end)
		from = end;
	count = end - from < size ? (size_t)(end - from) : size;
	for (size_t i = 0; i < count; i++)
		buffer[i] = (char)__atomic_load_n(&ring->data[(from + i) & (ring->size - 1)],
						  __ATOMIC_RELAXED);

	/* Drop what has been overwritten meanwhile. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	valid = oldest(ring, __atomic_load_n(&ring->position, __ATOMIC_RELAXED));
	lost = valid <= from ? 0 : valid - from < count ? (size_t)(valid - from) : count;
	memmove(buffer, buffer + lost, count - lost);
	*position = from + count;
	return count - lost;
}
