/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 100 ticks a second and nothing else, so that the exits of a cell at work can be counted: none
 * are needed between "ready" and the shutdown request. It has a page that nobody else writes to,
 * and says where.
 */
#include "runtime/x86/x86.h"
#include "ticker.h"

#define WORDS 512
#define PATTERN 0x9e3779b97f4a7c15ull

static volatile uint64_t canary[WORDS] __attribute__((aligned(4096)));

static void fill(void)
{
	for (uint64_t i = 0; i < WORDS; i++)
		canary[i] = (i + 1) * PATTERN;
	printk("canary at %p\n", (void *)(uintptr_t)canary);
}

static void check(void)
{
	unsigned int changed = 0;

	for (uint64_t i = 0; i < WORDS; i++)
		changed += canary[i] != (i + 1) * PATTERN;
	printk("%s canary: %u words changed\n", changed ? "not ok" : "ok", changed);
}

void guest_main(void)
{
	fill();
	ticker_start(10000);
	printk("ready\n");
	while (!comm_shutdown_requested())
		cpu_idle();
	ticker_stop();
	check();
	printk("total %u ticks\n", ticker_count());
	comm_reply(CELLHV_REPLY_APPROVED);
}
