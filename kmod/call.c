// SPDX-License-Identifier: GPL-2.0-only
/* Management calls: one at a time, from one block of memory that the hypervisor may read. */
#include <linux/build_bug.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "cellhv.h"
#include "arch.h"

/* kmalloc() aligns powers of two to their size: a block of 256 bytes never crosses a page. */
#define CALL_BLOCK_SIZE 256
static_assert(sizeof(struct cellhv_call) <= CALL_BLOCK_SIZE);

#define CALL_MAX_TRIES 100
#define CALL_RETRY_US 200

static DEFINE_MUTEX(call_mutex); /* protects all below; innermost of the mutexes */
static struct cellhv_call *call_block;
static const struct launch *call_launch; /* NULL: closed */

int call_init(void)
{
	call_block = kzalloc(CALL_BLOCK_SIZE, GFP_KERNEL);
	return call_block ? 0 : -ENOMEM;
}

void call_exit(void)
{
	kfree(call_block);
}

static void call_set_launch(const struct launch *launch)
{
	mutex_lock(&call_mutex);
	call_launch = launch;
	mutex_unlock(&call_mutex);
}

void call_open(const struct launch *launch)
{
	call_set_launch(launch);
}

void call_close(void)
{
	call_set_launch(NULL);
}

/* One attempt. The block is filled anew each time: a union member may be input and output. */
static int call_try(const struct cellhv_call *call)
{
	unsigned int cpu;
	int ret;

	*call_block = *call;
	call_block->size = sizeof(*call_block);
	call_block->error = 0;
	call_block->check = CELLHV_CHECK_NONE;
	call_block->object = 0;

	preempt_disable();
	cpu = smp_processor_id();
	if (launch_has_cpu(call_launch, cpu)) {
		ret = launch_call(call_block);
	} else {
		/* Left behind by a failed disable; the instruction would be an invalid opcode. */
		call_block->check = CELLHV_CHECK_CPU_NUMBER;
		call_block->object = cpu;
		ret = -EIO;
	}
	preempt_enable();

	return ret;
}

int call_make(struct cellhv_call *call, struct cellhv_error *error)
{
	unsigned int tries = 0;
	int ret;

	mutex_lock(&call_mutex);
	if (!call_launch) {
		mutex_unlock(&call_mutex);
		return refuse(error, -ENODEV, CELLHV_DRIVER_CHECK_DISABLED, 0);
	}

	/* Without a check -EBUSY means that the hypervisor is busy with itself, for a moment. */
	while ((ret = call_try(call)) == -EBUSY && call_block->check == CELLHV_CHECK_NONE &&
	       ++tries < CALL_MAX_TRIES)
		usleep_range(CALL_RETRY_US, 2 * CALL_RETRY_US);

	/* What user space may get are its own error numbers only, not the kernel's internal ones.
	 */
	if (ret > 0 || ret < -511)
		ret = -EPROTO;
	if (ret)
		refuse(error, ret, call_block->check, call_block->object);
	else
		*call = *call_block;
	mutex_unlock(&call_mutex);

	return ret;
}

int call_cell(u32 op, u32 id, struct cellhv_error *error)
{
	struct cellhv_call call = {.op = op, .cell = id};

	return call_make(&call, error);
}
