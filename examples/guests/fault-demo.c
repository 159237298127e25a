/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that touches memory it does not own: the hypervisor parks its CPU and fails the cell,
 * and everything else goes on.
 */
#include "runtime/runtime.h"
#include "runtime/x86.h"

#define DELAY_US 1000000
#define FOREIGN_ADDRESS 0x200000 /* its memory ends at 100000, its comm region at 101000 */

static volatile bool ticked;

static void on_timer(struct interrupt_frame *frame)
{
	(void)frame;
	ticked = true;
	apic_eoi();
}

void guest_main(void)
{
	printk("About to read %x, which is not mine\n", FOREIGN_ADDRESS);

	apic_enable();
	interrupts_set_handler(VECTOR_TIMER, on_timer);
	apic_timer_one_shot(VECTOR_TIMER);
	apic_timer_arm(tsc_to_apic(us_to_tsc(DELAY_US)));
	while (!ticked)
		cpu_idle();

	printk("Read %x from it: nobody stopped me\n", mmio_read32(FOREIGN_ADDRESS));
}
