/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the start code to the guest's program.
 */
#include "internal.h"

_Noreturn void runtime_main(void)
{
	/* Without a comm region there is nobody to tell. */
	if (!comm_valid())
		cpu_halt();

	console_init();
	interrupts_init();
	if (!timing_init()) {
		printk("No clock: neither frequencies nor a PM timer in the comm region\n");
		comm_finish(CELLHV_COMM_FAILED);
	}

	guest_main();
	comm_finish(CELLHV_COMM_SHUT_DOWN);
}
