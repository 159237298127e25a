/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 100 ticks a second and nothing else, so that the exits of a cell at work can be counted: none
 * are needed between "ready" and the shutdown request.
 */
#include "runtime/x86/x86.h"
#include "ticker.h"

void guest_main(void)
{
	ticker_start(10000);
	printk("ready\n");
	while (!comm_shutdown_requested())
		cpu_idle();
	ticker_stop();
	printk("total %u ticks\n", ticker_count());
	comm_reply(CELLHV_REPLY_APPROVED);
}
