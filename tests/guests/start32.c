/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A 32-bit guest without paging: timer, console and arithmetic of the runtime work there too.
 */
#include "runtime/x86/x86.h"
#include "ticker.h"

#define TICKS 10
#define INTERVAL_US 10000

void guest_main(void)
{
	uint64_t start = rdtsc(), ns;
	unsigned int last = 0;

	printk("%u bits\n", (unsigned int)sizeof(void *) * 8);
	ticker_start(INTERVAL_US);
	while (last < TICKS) {
		cpu_idle();
		if (ticker_count() != last)
			printk("tick %u\n", last = ticker_count());
	}
	ticker_stop();

	/* Late ticks are the machine's affair, early ones are an error. */
	ns = clock_to_ns(rdtsc() - start);
	printk("%s start32: %u ticks in %llu ns\n",
	       ns >= TICKS * (INTERVAL_US - 100) * 1000ull ? "ok" : "not ok", last,
	       (unsigned long long)ns);
}
