// SPDX-License-Identifier: GPL-2.0-only
/* What a cell is and how it does: read by anybody, at any time, with no lock but the call's. */
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "cellhv.h"

int status_query(u32 id, struct cellhv_call *call, struct cellhv_error *error)
{
	*call = (struct cellhv_call){.op = CELLHV_OP_CELL_STATUS, .status.cell = id};
	return call_make(call, error);
}

static void status_fill(const struct cell *cell, const struct cellhv_call *status,
			struct cellhv_cell_info *info)
{
	info->id = cell->id;
	info->state = status->status.state;
	memcpy(info->name, cell->config->name, sizeof(info->name));
	bitmap_to_arr64(info->cpus, cell->claimed, CELLHV_MAX_CPUS);
	memcpy(info->failed_cpus, status->status.failed_cpus, sizeof(info->failed_cpus));
	info->failure = status->status.failure;
	info->config_size = cell->config->header.total_size;
	info->reset = status->status.reset;
	info->start_time = READ_ONCE(cell->start_time);
}

int status_info(union device_args *args)
{
	struct cellhv_cell_info *info = &args->cell_info;
	const bool next = info->flags & CELLHV_CELL_NEXT;
	struct cellhv_error error;
	struct cellhv_call call;
	struct cell *cell;
	u32 id = info->id;
	int ret;

	if (info->flags & ~CELLHV_CELL_NEXT || info->reset)
		return -EINVAL;

	/* A cell that goes away meanwhile is not the end of the list. */
	do {
		cell = next ? roster_next(id) : roster_get(id, &error);
		if (!cell)
			return -ENOENT;

		id = cell->id;
		ret = status_query(id, &call, &error);
		if (!ret)
			status_fill(cell, &call, info);
		roster_put(cell);
	} while (next && ret == -ENOENT);

	return ret == -ENODEV ? -ENOENT : ret;
}

int status_config(union device_args *args)
{
	struct cellhv_cell_read_config *read = &args->config;
	struct cellhv_error error;
	struct cell *cell;
	int ret = 0;
	u32 size;

	if (read->reserved)
		return -EINVAL;

	cell = roster_get(read->id, &error);
	if (!cell)
		return -ENOENT;

	size = cell->config->header.total_size;
	if (read->length < size)
		ret = -ENOSPC;
	else if (copy_to_user(u64_to_user_ptr(read->buffer), cell->config, size))
		ret = -EFAULT;
	else
		read->length = size;
	roster_put(cell);

	return ret;
}

/*
 * The hypervisor creates and destroys no cell while another one is locked. It would say so only
 * after CPUs had moved or the cell had been scrubbed, so ask first.
 */
int status_check_locked(u32 own_id, struct cellhv_error *error)
{
	struct cellhv_error gone;
	struct cellhv_call call;
	struct cell *cell;
	u32 id = 0;

	while ((cell = roster_next(id))) {
		id = cell->id;
		roster_put(cell);
		if (id != own_id && !status_query(id, &call, &gone) &&
		    call.status.state == CELLHV_STATE_LOCKED)
			return refuse(error, -EPERM, CELLHV_CHECK_CELL_LOCKED, id);
	}

	return 0;
}
