/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random sequences of calls (fake-arch/calls.h): the same ones each time, for a verdict that says
 * something of a change. CALLS_SEED and CALLS_COUNT in the environment look for others.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "core.h"
#include "fake-arch/calls.h"

#define SEQUENCES 10000u
#define MAX_BYTES 96u

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

/* xorshift64*: the same everywhere. */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

TEST(random_sequences)
{
	uint64_t first = number("CALLS_SEED", 1);
	uint64_t count = number("CALLS_COUNT", SEQUENCES);
	uint8_t bytes[MAX_BYTES];

	for (uint64_t i = 0; i < count; i++) {
		uint64_t state = (first + i) * 0x9e3779b97f4a7c15ull | 1;
		size_t size = draw(&state) % MAX_BYTES;

		for (size_t at = 0; at < size; at++)
			bytes[at] = (uint8_t)(draw(&state) >> 56);
		printf("CALLS_SEED=%" PRIu64 " CALLS_COUNT=1\n", first + i);
		calls_run(bytes, size);
	}
}
