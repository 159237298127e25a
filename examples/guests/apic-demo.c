/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tutorial's demo: a timer of 10 Hz, the deviation of each tick, and a cell that gives in to
 * the second shutdown request only.
 */
#include "runtime/runtime.h"
#include "runtime/x86/x86.h" /* the frequencies */

#define INTERVAL_US 100000

static uint64_t interval; /* in clocks, as are all times here */
static uint64_t due;
static uint64_t jitter;
static bool ticked;

/* How far the tick is from when it was due; late as the rule, early where clocks disagree. */
static void on_timer(struct interrupt_frame *frame)
{
	uint64_t now = clock_now();

	(void)frame;
	jitter = now > due ? now - due : due - now;
	ticked = true;

	due += interval;
	if (due <= now) /* so late that ticks were missed */
		due = now + interval;
	timer_arm(due - clock_now());
	interrupts_done();
}

static void report_tick(void)
{
	static uint64_t min = UINT64_MAX, max;

	if (jitter < min)
		min = jitter;
	if (jitter > max)
		max = jitter;
	printk("Timer fired, jitter: %6llu ns, min: %6llu ns, max: %6llu ns\n",
	       (unsigned long long)clock_to_ns(jitter), (unsigned long long)clock_to_ns(min),
	       (unsigned long long)clock_to_ns(max));
}

static bool must_stop(void)
{
	static bool asked_before;

	if (!comm_shutdown_requested())
		return false;
	if (asked_before)
		return true;

	asked_before = true;
	printk("Rejecting first shutdown request - try again!\n");
	comm_reply(CELLHV_REPLY_DENIED);
	return false;
}

void guest_main(void)
{
	comm_set_state(CELLHV_COMM_LOCKED);
	printk("Calibrated TSC frequency: %u kHz\n", tsc_khz);
	printk("Calibrated APIC frequency: %u kHz\n", apic_khz);

	interrupts_enable();
	interrupts_set_handler(VECTOR_TIMER, on_timer);
	timer_init();
	interval = clock_from_us(INTERVAL_US);
	due = clock_now() + interval;
	timer_arm(interval);

	while (!must_stop()) {
		cpu_idle();
		if (ticked) {
			ticked = false;
			report_tick();
		}
	}

	timer_stop();
	printk("Stopped APIC demo\n");
	comm_reply(CELLHV_REPLY_APPROVED);
}
