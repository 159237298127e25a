/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ticker.h"
#include "runtime/x86/x86.h"

static uint32_t interval;
static volatile unsigned int count;

static void on_timer(struct interrupt_frame *frame)
{
	(void)frame;
	count++;
	apic_timer_arm(interval);
	apic_eoi();
}

void ticker_start(uint32_t interval_us)
{
	interval = tsc_to_apic(clock_from_us(interval_us));
	count = 0;
	apic_enable();
	interrupts_set_handler(VECTOR_TIMER, on_timer);
	apic_timer_one_shot(VECTOR_TIMER);
	apic_timer_arm(interval);
}

void ticker_stop(void)
{
	apic_timer_stop();
}

unsigned int ticker_count(void)
{
	return count;
}
