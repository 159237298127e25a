/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that refuses each shutdown request.
 */
#include "runtime/x86/x86.h"
#include "ticker.h"

void guest_main(void)
{
	unsigned int refused = 0;

	printk("ready\n");
	ticker_start(10000);
	for (;;) {
		cpu_idle();
		if (comm_shutdown_requested()) {
			printk("refused %u\n", ++refused);
			comm_reply(CELLHV_REPLY_DENIED);
		}
	}
}
