// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Linux keeps count of where it is in its queue, and a unit's head cannot be set. So whoever uses
 * the queue beside Linux goes once around it, with commands that do nothing, and puts the old ones
 * back: these must not be done again.
 */
#include <linux/slab.h>

#include "tamper.h"

static u64 kept[4096 / 8 * 2];

static void set(const struct ring *ring, unsigned int at, const u64 command[2])
{
	memcpy(&ring->commands[at % ring->count * 2], command, COMMAND);
}

static void go(const struct ring *ring, unsigned int to)
{
	to = to % ring->count * COMMAND;
	writel(to, ring->tail);
	tamper_await(ring->head, ~0u, to);
}

void ring_do(const struct ring *ring, const u64 (*commands)[2], unsigned int n)
{
	unsigned int first = readl(ring->tail) / COMMAND;

	memcpy(kept, ring->commands, ring->count * COMMAND);
	for (unsigned int i = 0; i < ring->count; i++)
		set(ring, first + i, i < n ? commands[i] : ring->wait);
	go(ring, first + ring->count - 1);
	go(ring, first);
	memcpy(ring->commands, kept, ring->count * COMMAND);
}

void ring_advance(const struct ring *ring, unsigned int tail)
{
	memcpy(kept, ring->commands, ring->count * COMMAND);
	for (unsigned int i = 0; i < ring->count; i++)
		set(ring, i, ring->wait);
	go(ring, tail / COMMAND);
	memcpy(ring->commands, kept, ring->count * COMMAND);
}
