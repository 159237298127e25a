/* SPDX-License-Identifier: BSD-2-Clause */
#include "device.h"

#define PATIENCE_US 2000000

static void (*handle)(void);
static volatile unsigned int interrupts;
static volatile bool timed_out;
static bool failed;

bool verdict(const char *name, bool ok, const char *what, uint64_t value)
{
	printk("%s %s: %s (0x%llx)\n", ok ? "ok" : "not ok", name, what, (unsigned long long)value);
	failed |= !ok;
	return ok;
}

static void on_device(struct interrupt_frame *frame)
{
	(void)frame;
	interrupts++;
	handle();
	interrupts_done();
}

static void on_timer(struct interrupt_frame *frame)
{
	(void)frame;
	timed_out = true;
	interrupts_done();
}

void device_start(void (*handler)(void))
{
	handle = handler;
	interrupts_enable();
	interrupts_set_handler(VECTOR_DEVICE, on_device);
	interrupts_set_handler(VECTOR_TIMER, on_timer);
	timer_init();
}

bool device_wait(void)
{
	return device_wait_for(1);
}

bool device_wait_for(unsigned int count)
{
	static unsigned int seen;

	timed_out = false;
	timer_arm(clock_from_us(PATIENCE_US));
	while (interrupts - seen < count && !timed_out)
		cpu_idle();
	timer_stop();
	timer_init();
	if (interrupts - seen < count)
		return false;
	seen = interrupts;
	return true;
}

unsigned int device_interrupts(void)
{
	return interrupts;
}

void device_finish(void)
{
	if (failed)
		comm_finish(CELLHV_COMM_FAILED);
}
