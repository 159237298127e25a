// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/lifecycle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cellhv/guest.h>

#include "base/blob.h"
#include "base/cleanup.h"
#include "base/export.h"
#include "driver/cell_object.h"
#include "driver/driver.h"
#include "driver/lock.h"
#include "host/pool.h"

/* "start the cell rt-io", for sentences. */
static const char *doing(char text[64], const char *verb, const char *name)
{
	snprintf(text, 64, "%s the cell %s", verb, name);
	return text;
}

static int operate(const cell_cell *cell, unsigned long request, uint32_t flags, const char *verb)
{
	struct cellhv_cell_op op = {.size = sizeof(op), .id = cell->id, .flags = flags};
	char what[64];

	return driver_call(cell->hv->context, cell->hv->fd, request, &op, &op.error,
			   doing(what, verb, cell->name));
}

int lifecycle_load(const cell_cell *cell, uint64_t guest, const void *data, size_t size)
{
	struct cellhv_cell_load request = {
		.size = sizeof(request),
		.id = cell->id,
		.guest = guest,
		.buffer = (uintptr_t)data,
		.length = size,
	};
	char what[64];

	return driver_call(cell->hv->context, cell->hv->fd, CELLHV_IOC_CELL_LOAD, &request,
			   &request.error, doing(what, "load", cell->name));
}

static void restore_error(cell_context *context, const struct cell_context *saved)
{
	context->error_name = saved->error_name;
	memcpy(context->error, saved->error, sizeof(saved->error));
}

/* Gives back every block that no cell of the hypervisor needs; failures are logged there. */
static void give_back_unneeded(cell_hv *hv, cell_host *host)
{
	struct inventory inventory;
	_cleanup_ranges_ struct ranges needed = {0};

	if (inventory_read(hv->context, hv->fd, &inventory) < 0)
		return;

	if (inventory_memory(&inventory, NULL, &needed) == 0)
		pool_give_back(host, &needed);
	inventory_clear(&inventory);
}

int lifecycle_recover_record(cell_host *host, const struct inventory *inventory)
{
	_cleanup_ranges_ struct ranges used = {0};

	if (inventory_memory(inventory, NULL, &used) < 0)
		return context_oom(host->context);

	pool_recover(host, &used);
	return 0;
}

void lifecycle_roll_back_memory(cell_hv *hv, cell_host *host)
{
	const struct cell_context saved = *hv->context;

	give_back_unneeded(hv, host);
	restore_error(hv->context, &saved);
}

int lifecycle_create(cell_hv *hv, const cell_blob *blob, cell_cell **ret)
{
	struct cellhv_cell_create request = {
		.size = sizeof(request),
		.config = (uintptr_t)blob->config,
		.config_size = (uint32_t)blob->size,
	};
	struct cellhv_cell_info info = {.size = sizeof(info)};
	char what[64];
	int r;

	r = driver_call(hv->context, hv->fd, CELLHV_IOC_CELL_CREATE, &request, &request.error,
			doing(what, "create", blob->config->name));
	if (r < 0)
		return r;

	info.id = request.id;
	r = driver_call(hv->context, hv->fd, CELLHV_IOC_CELL_INFO, &info, NULL, what);
	if (r == 0)
		r = cell_object_new(hv, &info, ret);
	if (r < 0)
		lifecycle_undo_create(hv, request.id, blob->config->name);
	return r;
}

void lifecycle_undo_create(cell_hv *hv, uint32_t id, const char *name)
{
	struct cellhv_cell_op op = {.size = sizeof(op), .id = id, .flags = CELLHV_CELL_FORCE};
	int r;

	r = driver_try(hv->context, hv->fd, CELLHV_IOC_CELL_DESTROY, &op);
	if (r < 0)
		context_log(hv->context, LOG_ERR,
			    "The cell %s is not whole, and exists, as it cannot be destroyed (%s): "
			    "destroy it by force.",
			    name, strerror(-r));
}

LIBCELL_PUBLIC int cell_cell_start(cell_cell *cell)
{
	context_begin(cell->hv->context);
	return operate(cell, CELLHV_IOC_CELL_START, 0, "start");
}

LIBCELL_PUBLIC int cell_cell_stop(cell_cell *cell)
{
	context_begin(cell->hv->context);
	return operate(cell, CELLHV_IOC_CELL_STOP, 0, "stop");
}

static bool is_running(const struct cellhv_cell_info *info)
{
	return info->state == CELLHV_STATE_RUNNING || info->state == CELLHV_STATE_LOCKED;
}

static int fail_not_running(const cell_cell *cell, uint64_t state)
{
	return context_fail(cell->hv->context, -ENOTCONN, "CellNotRunning",
			    "The cell %s is %s, so there is no guest to shut down.", cell->name,
			    cell_state_to_string((enum cell_state)state));
}

/*
 * The cell was in a state in which nobody answers. A guest that was asked (-ENOTCONN) and has ended
 * without a word has agreed; one that had ended before was not asked.
 */
static int judge_end(const cell_cell *cell, int r, uint64_t state)
{
	if (r != -ENOTCONN || (state != CELLHV_STATE_SHUT_DOWN && state != CELLHV_STATE_FAILED))
		return fail_not_running(cell, state);

	context_begin(cell->hv->context);
	return 0;
}

static int judge_reply(const cell_cell *cell, uint32_t reply)
{
	switch (reply) {
	case CELLHV_REPLY_APPROVED:
		return 0;
	case CELLHV_REPLY_DENIED:
		return context_fail(cell->hv->context, -EACCES, "ShutdownDenied",
				    "The guest in cell %s refused to shut down and goes on: ask "
				    "again later, or destroy the cell by force.",
				    cell->name);
	default:
		return context_fail(cell->hv->context, -EACCES, "ShutdownDenied",
				    "The guest in cell %s does not understand shutdown requests "
				    "(reply %u) and goes on: destroy the cell by force.",
				    cell->name, reply);
	}
}

LIBCELL_PUBLIC int cell_cell_shutdown(cell_cell *cell, unsigned timeout_ms)
{
	struct cellhv_cell_message request = {
		.size = sizeof(request),
		.id = cell->id,
		.message = CELLHV_MSG_SHUTDOWN_REQUEST,
		.timeout_ms = timeout_ms,
	};
	cell_context *context = cell->hv->context;
	struct cellhv_cell_info info;
	char what[64];
	int r;

	context_begin(context);
	r = cell_object_info(cell, &info);
	if (r < 0)
		return r;
	if (!is_running(&info))
		return fail_not_running(cell, info.state);

	r = driver_call(context, cell->hv->fd, CELLHV_IOC_CELL_MESSAGE, &request, &request.error,
			doing(what, "shut down", cell->name));
	if (r == -ETIMEDOUT)
		return context_fail(
			context, r, "TimedOut",
			"The guest in cell %s did not %s within %u ms: destroy the cell "
			"by force, or allow more time (\"shutdown\": { \"timeout\" }).",
			cell->name, request.reply == CELLHV_REPLY_APPROVED ? "end" : "answer",
			timeout_ms);
	if (r < 0 && request.error.check == CELLHV_CHECK_CELL_STATE)
		return judge_end(cell, r, request.error.object);
	if (r < 0)
		return r;
	return judge_reply(cell, request.reply);
}

/* A CPU that does not come back online is a failure, and the cell is gone all the same. */
static bool is_gone(const cell_cell *cell)
{
	struct cellhv_cell_info info = {.size = sizeof(info), .id = cell->id};

	return driver_try(cell->hv->context, cell->hv->fd, CELLHV_IOC_CELL_INFO, &info) == -ENOENT;
}

/*
 * What giving memory back will take. It is there before the cell ends: afterwards nothing may fail
 * for want of memory. Other failures are not the cell's: its memory is with the next destruction.
 * before: what the cells have; this one is among them. *ret: NULL, or to be unreferenced.
 */
static int ready_give_back(const cell_cell *cell, const struct inventory *before, cell_host **ret,
			   struct ranges *ret_needed)
{
	cell_context *context = cell->hv->context;
	cell_host *host = NULL;
	int r;

	*ret = NULL;
	if (inventory_memory(before, cell->name, ret_needed) < 0)
		return context_oom(context);

	r = host_new_of_memory(context, &host);
	if (r == 0)
		r = lifecycle_recover_record(host, before);
	if (r < 0)
		host = cell_host_unref(host);
	if (r == -ENOMEM)
		return r;

	context_begin(context);
	*ret = host;
	return 0;
}

static int destroy_locked(cell_cell *cell, bool force)
{
	_cleanup_ranges_ struct ranges needed = {0};
	cell_context *context = cell->hv->context;
	struct inventory before;
	struct cellhv_cell_info info;
	cell_host *host;
	int r;

	r = cell_object_info(cell, &info);
	if (r < 0)
		return r;
	if (!force && is_running(&info))
		return context_fail(context, -EBUSY, "CellRunning",
				    "The cell %s is running: shut it down first, or destroy it by "
				    "force.",
				    cell->name);

	r = inventory_read(context, cell->hv->fd, &before);
	if (r < 0)
		return r;

	r = ready_give_back(cell, &before, &host, &needed);
	inventory_clear(&before);
	if (r < 0)
		return r;

	r = operate(cell, CELLHV_IOC_CELL_DESTROY, force ? CELLHV_CELL_FORCE : 0, "destroy");
	if (host && (r == 0 || is_gone(cell)))
		pool_give_back(host, &needed);
	cell_host_unref(host);
	return r;
}

LIBCELL_PUBLIC int cell_cell_destroy(cell_cell *cell, bool force)
{
	int lock, r;

	context_begin(cell->hv->context);
	lock = lock_take(cell->hv->context);
	if (lock < 0)
		return lock;

	r = destroy_locked(cell, force);
	close(lock);
	return r;
}
