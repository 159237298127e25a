/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest guest: a line on the console, and the cell shuts itself down.
 */
#include "runtime/runtime.h"

void guest_main(void)
{
	printk("Hello from a cell of %u CPUs\n", smp_wait());
}
