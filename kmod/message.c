// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages to a guest. The answer is a word in the guest's memory, so nothing tells of its coming:
 * this looks every few milliseconds, with no lock held, until the time is over.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>
#include <cellhv/guest.h>

#include "cellhv.h"

#define MESSAGE_LOOK_MS 4
#define MESSAGE_MAX_TIMEOUT_MS 3600000

static bool message_is_alive(u32 state)
{
	return state == CELLHV_STATE_RUNNING || state == CELLHV_STATE_LOCKED;
}

/* Of a machine that has a power button. Nobody answers that, but it is to shut down. */
static bool message_is_button(const struct cell *cell, const struct cellhv_cell_message *message)
{
	return cell->config->flags & CELLHV_CELL_PLATFORM_PC &&
	       message->message == CELLHV_MSG_SHUTDOWN_REQUEST;
}

/* 0: answered, and ended if that was the answer; -EAGAIN: not yet. */
static int message_look(const struct cell *cell, struct cellhv_cell_message *message)
{
	struct cellhv_call call;
	bool alive;
	int ret;

	ret = status_query(message->id, &call, &message->error);
	if (ret)
		return ret;

	alive = message_is_alive(call.status.state);
	message->reply =
		message_is_button(cell, message) ? CELLHV_REPLY_APPROVED : call.status.reply;
	if (message->reply == CELLHV_REPLY_APPROVED)
		return alive ? -EAGAIN : 0;
	if (message->reply != CELLHV_REPLY_NONE)
		return 0;
	if (!alive)
		return refuse(&message->error, -ENOTCONN, CELLHV_CHECK_CELL_STATE,
			      call.status.state);

	return -EAGAIN;
}

static int message_wait(const struct cell *cell, struct cellhv_cell_message *message, u64 deadline)
{
	int ret;

	while ((ret = message_look(cell, message)) == -EAGAIN) {
		if (time_after_eq64(get_jiffies_64(), deadline))
			return -ETIMEDOUT;
		schedule_timeout_interruptible(msecs_to_jiffies(MESSAGE_LOOK_MS));
		if (signal_pending(current))
			return -EINTR;
	}

	return ret;
}

/* `timeout`: jiffies, for the turn and the answer together. */
static int message_send_to(struct cell *cell, struct cellhv_cell_message *message, long timeout)
{
	struct cellhv_call call = {
		.op = CELLHV_OP_CELL_MESSAGE,
		.message = {.cell = message->id, .message = message->message},
	};
	u64 deadline = get_jiffies_64() + timeout;
	long left;
	int ret;

	/* A guest that never answers is not asked: it has agreed beforehand, to anything. */
	if (cell->config->flags & (CELLHV_CELL_PASSIVE_COMM | CELLHV_CELL_PLATFORM_PC) &&
	    !message_is_button(cell, message)) {
		message->reply = CELLHV_REPLY_APPROVED;
		return 0;
	}

	/* A second message would wipe out the answer to the first: take turns. */
	left = wait_event_interruptible_timeout(
		watch_queue, !test_and_set_bit_lock(0, &cell->messaging), timeout);
	if (left <= 0)
		return left ? -EINTR : -ETIMEDOUT;

	ret = call_make(&call, &message->error);
	if (!ret)
		ret = message_wait(cell, message, deadline);

	clear_bit_unlock(0, &cell->messaging);
	wake_up_all(&watch_queue);

	return ret;
}

int message_send(union device_args *args)
{
	struct cellhv_cell_message *message = &args->message;
	struct cell *cell;
	int ret;

	if (message->reserved || !message->timeout_ms ||
	    message->timeout_ms > MESSAGE_MAX_TIMEOUT_MS ||
	    (message->message != CELLHV_MSG_SHUTDOWN_REQUEST &&
	     message->message != CELLHV_MSG_RECONFIGURED))
		return -EINVAL;

	ret = hypervisor_get(&message->error);
	if (ret)
		return ret;
	cell = roster_get(message->id, &message->error);
	hypervisor_put();
	if (!cell)
		return -ENOENT;

	message->reply = CELLHV_REPLY_NONE;
	ret = message_send_to(cell, message, msecs_to_jiffies(message->timeout_ms));
	roster_put(cell);

	return ret;
}
