/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that runs and never answers a message.
 */
#include "runtime/x86/x86.h"

void guest_main(void)
{
	printk("ready\n");
	cpu_halt();
}
