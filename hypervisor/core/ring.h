/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Console ring: the last bytes written, each with its position counted from the very first. One
 * writer at a time; readers on other CPUs need no lock, they keep their own position.
 */
#ifndef CORE_RING_H
#define CORE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	uint8_t *data;
	uint32_t size;	   /* a power of two; the last size - 1 bytes can be read */
	uint64_t position; /* bytes ever written */
};

/* data: size bytes; size: a power of two, at least 2. */
void ring_init(struct ring *ring, void *data, uint32_t size);

void ring_put(struct ring *ring, char c);

/*
 * Copies what there is from *position on, at most size bytes, and advances *position behind it.
 * Where *position has been overwritten it first jumps to the oldest byte kept; where it is ahead of
 * the writer, to the writer. Returns the bytes copied.
 */
size_t ring_read(const struct ring *ring, uint64_t *position, char *buffer, size_t size);

#endif
