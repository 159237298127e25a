/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that touches memory it does not own: the hypervisor parks its CPU and fails the cell,
 * and everything else goes on.
 */
#include "runtime/runtime.h"

#define DELAY_US 1000000
#define FOREIGN_ADDRESS 0x200000 /* its memory ends at 100000, its comm region at 101000 */

static volatile bool ticked;

static void on_timer(struct interrupt_frame *frame)
{
	(void)frame;
	ticked = true;
	interrupts_done();
}

void guest_main(void)
{
	printk("About to read %x, which is not mine\n", FOREIGN_ADDRESS);

	interrupts_enable();
	interrupts_set_handler(VECTOR_TIMER, on_timer);
	timer_init();
	timer_arm(clock_from_us(DELAY_US));
	while (!ticked)
		cpu_idle();

	printk("Read %x from it: nobody stopped me\n", mmio_read32(FOREIGN_ADDRESS));
}
