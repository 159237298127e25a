// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests change their state and write to their consoles without telling Linux: that costs them no
 * VM exit. So this looks, every few milliseconds, while there is anybody to look for.
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "cellhv.h"

#define WATCH_PERIOD_MS 10

DECLARE_WAIT_QUEUE_HEAD(watch_queue);
static atomic64_t watch_change_count = ATOMIC64_INIT(0);
static atomic64_t watch_output_count = ATOMIC64_INIT(0);
static atomic_t watch_descriptors = ATOMIC_INIT(0);
static u64 watch_state_sequence, watch_console_sequence; /* the work's alone */

u64 watch_changes(void)
{
	return atomic64_read(&watch_change_count);
}

u64 watch_outputs(void)
{
	return atomic64_read(&watch_output_count);
}

/* Counts, then wakes; wake_up_all() orders the two against waiters that check the count. */
static void watch_notify(bool state, bool console)
{
	if (state)
		atomic64_inc(&watch_change_count);
	if (state || console)
		atomic64_inc(&watch_output_count);
	if (state || console)
		wake_up_all(&watch_queue);
}

void watch_changed(void)
{
	watch_notify(true, false);
}

static void watch_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(watch_work, watch_look);

void watch_start(void)
{
	schedule_delayed_work(&watch_work, msecs_to_jiffies(WATCH_PERIOD_MS));
}

/* With the hypervisor disabled it does not look again; enabling it starts anew. */
static void watch_look(struct work_struct *work)
{
	struct cellhv_call call = {.op = CELLHV_OP_POLL};
	struct cellhv_error error;

	if (call_make(&call, &error)) {
		if (error.check != CELLHV_DRIVER_CHECK_DISABLED)
			watch_start();
		return;
	}

	watch_notify(call.poll.state_sequence != watch_state_sequence,
		     call.poll.console_sequence != watch_console_sequence);
	watch_state_sequence = call.poll.state_sequence;
	watch_console_sequence = call.poll.console_sequence;

	if (roster_count() || atomic_read(&watch_descriptors))
		watch_start();
}

void watch_open(void)
{
	atomic_inc(&watch_descriptors);
	watch_start();
}

void watch_close(void)
{
	atomic_dec(&watch_descriptors);
}

void watch_exit(void)
{
	cancel_delayed_work_sync(&watch_work);
}
