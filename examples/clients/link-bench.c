/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Round trips to the cell link-echo and back: how long one takes without data, and how many bytes a
 * second go there and come back. Every byte is compared.
 *
 *     cc -o link-bench link-bench.c $(pkg-config --cflags --libs libcell)
 *     link-bench [ROUNDS]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cell.h>

#define SERVER 1
#define RING 1
#define HEADER sizeof(uint32_t)

struct bench {
	cell_link *link;
	char *output;
	const char *input;
	size_t section;
	uint32_t rung; /* interrupts that have been waited for */
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* One there and back with `size` bytes, header included. */
static int round_trip(struct bench *bench, uint32_t size)
{
	uint32_t counts[CELL_LINK_N_VECTORS_MAX];
	int r;

	memcpy(bench->output, &size, HEADER);
	cell_link_ring(bench->link, SERVER, RING);
	do
		r = cell_link_wait(bench->link, 5000, counts);
	while (r == 0 && counts[RING] == bench->rung);
	bench->rung = counts[RING];
	return r;
}

static int time_round_trips(struct bench *bench, unsigned rounds)
{
	double start = now();

	for (unsigned i = 0; i < rounds; i++) {
		int r = round_trip(bench, HEADER);

		if (r < 0)
			return r;
	}
	printf("round trip: %.1f us, mean of %u\n", (now() - start) * 1e6 / rounds, rounds);
	return 0;
}

static int time_data(struct bench *bench, unsigned rounds)
{
	double start = now(), seconds;

	for (unsigned i = 0; i < rounds; i++) {
		int r;

		memset(bench->output + HEADER, (int)(i + 1), bench->section - HEADER);
		r = round_trip(bench, (uint32_t)bench->section);
		if (r < 0)
			return r;
		if (memcmp(bench->input, bench->output, bench->section) != 0) {
			fprintf(stderr, "round %u came back with other bytes\n", i);
			return -1;
		}
	}
	seconds = now() - start;
	printf("throughput: %.1f MB/s each way, %u times %zu bytes\n",
	       (double)bench->section * rounds / seconds / 1e6, rounds, bench->section);
	return 0;
}

static int run(cell_context *context, unsigned rounds)
{
	struct bench bench = {0};
	int r = cell_link_open(context, "echo", &bench.link);

	if (r < 0)
		return r;

	bench.output = cell_link_output(bench.link, &bench.section);
	bench.input = cell_link_input(bench.link, SERVER, &bench.section);
	cell_link_set_state(bench.link, 1);
	if (bench.output && bench.input) {
		r = time_round_trips(&bench, rounds);
		if (r == 0)
			r = time_data(&bench, rounds / 10 + 1);
	}
	cell_link_set_state(bench.link, 0);
	cell_link_unref(bench.link);
	return r;
}

int main(int argc, char **argv)
{
	cell_context *context;
	int r;

	if (cell_context_new(&context) < 0)
		return 1;

	r = run(context, argc > 1 ? (unsigned)atoi(argv[1]) : 1000);
	if (r < 0)
		fprintf(stderr, "%s\n", cell_context_last_error(context));
	cell_context_unref(context);
	return r < 0;
}
