// SPDX-License-Identifier: LGPL-2.1-or-later
/* A description becomes a cell: memory is taken, the cell is created, images are loaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/export.h"
#include "desc/compile.h"
#include "desc/image.h"
#include "desc/linux.h"
#include "driver/lifecycle.h"
#include "driver/lock.h"
#include "host/pool.h"
#include "text/number.h"

static int load_images(const cell_cell *cell, cell_desc *desc)
{
	int r = 0;

	for (size_t i = 0; i < desc->n_images && r >= 0; i++) {
		_cleanup_free_ char *data = NULL;
		size_t size;

		r = image_load(desc, i, &data, &size);
		if (r >= 0 && size)
			r = lifecycle_load(cell, desc->images[i].guest, data, size);
	}
	if (r >= 0 && desc->command_line)
		r = lifecycle_load(cell, desc->command_line_at, desc->command_line,
				   strlen(desc->command_line) + 1);
	if (r >= 0 && desc->kernel.wanted)
		r = linux_load(cell, desc);
	return r < 0 ? r : 0;
}

static int fail_memory(const cell_desc *desc, const cell_host *host, const struct pool *pool,
		       const struct inventory *inventory)
{
	char need[32], found[32], piece[32], fallback[CMDLINE_RESERVE_SIZE];
	_cleanup_ranges_ struct ranges ready = {0};
	uint64_t largest = 0;

	if (place_free(inventory, &host->memory, NULL, &ready) < 0)
		return context_oom(desc->context);

	for (size_t i = 0; i < ready.n; i++)
		if (ready.items[i].size > largest)
			largest = ready.items[i].size;
	return context_fail(desc->context, -ENOMEM, "NoMemory",
			    "The cell %s needs %s, but only %s could be set aside, %s in one "
			    "piece%s: free memory and "
			    "try again, or boot with %s on the kernel command line (in "
			    "/etc/default/grub the $ is written \\\\\\$).",
			    desc->name, number_format_size(compile_need(desc), need),
			    number_format_size(ranges_total(&ready), found),
			    number_format_size(largest, piece),
			    pool->late ? " in 20 s" : ", as Linux's memory would not go offline",
			    pool_describe_fallback(&host->memory, compile_need(desc), fallback));
}

/* No block was asked to leave: it is not Linux's memory that is short. */
static int fail_record(const cell_desc *desc, int error)
{
	if (error == -ENOMEM)
		return context_oom(desc->context);
	return context_fail(desc->context, error, "Failed",
			    "Cannot record in " MEMORY_RECORD
			    " which memory is taken from Linux, so "
			    "none is: %s%s.",
			    strerror(-error),
			    error == -ENOSPC || error == -EDQUOT
				    ? ": make room in /run (`df /run`), and try again"
				    : "");
}

static int take_memory(cell_desc *desc, cell_host *host, const struct inventory *inventory,
		       struct place *ret)
{
	struct pool pool;
	int r;

	pool_begin(&pool, host);
	r = place_desc(desc, inventory, &host->memory, pool_take, &pool, ret);
	if (r < 0 && pool.record_error < 0)
		return fail_record(desc, pool.record_error);
	if (r == -ENOSPC)
		return fail_memory(desc, host, &pool, inventory);
	if (r == -ENOMEM)
		return context_oom(desc->context);
	if (r < 0)
		return context_fail(desc->context, r, "Failed", "Cannot set memory aside: %s.",
				    strerror(-r));
	return 0;
}

static int create_and_load(cell_hv *hv, cell_desc *desc, const cell_blob *blob, cell_cell **ret)
{
	cell_cell *cell;
	int r;

	r = lifecycle_create(hv, blob, &cell);
	if (r < 0)
		return r;

	r = load_images(cell, desc);
	if (r < 0) {
		lifecycle_undo_create(hv, cell->id, desc->name);
		cell_cell_unref(cell);
		return r;
	}
	*ret = cell;
	return 0;
}

static int check_name(const cell_desc *desc, const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n; i++)
		if (strcmp(inventory->cells[i].info.name, desc->name) == 0)
			return context_fail(
				desc->context, -EEXIST, "CellExists",
				"The cell %s exists already: stop it first, or use it as "
				"it is.",
				desc->name);
	return 0;
}

/* Check, take, perform; only taking memory needs to be undone here. */
static int create_locked(cell_hv *hv, cell_desc *desc, cell_host *host,
			 const struct inventory *inventory, cell_cell **ret)
{
	struct cpuset cpus;
	struct place place;
	cell_blob *blob;
	int r;

	r = lifecycle_recover_record(host, inventory);
	if (r == 0)
		r = check_name(desc, inventory);
	if (r == 0)
		r = compile_check(desc, host, inventory, &cpus, &place);
	if (r < 0)
		return r;

	r = take_memory(desc, host, inventory, &place);
	if (r == 0)
		r = compile_blob(desc, &cpus, &place, &blob);
	if (r == 0) {
		r = create_and_load(hv, desc, blob, ret);
		cell_blob_unref(blob);
	}
	if (r < 0)
		lifecycle_roll_back_memory(hv, host);
	return r;
}

LIBCELL_PUBLIC int cell_cell_create(cell_hv *hv, cell_desc *desc, cell_host *host, cell_cell **ret)
{
	struct inventory inventory;
	char what[64];
	int lock, r;

	context_begin(hv->context);
	diag_rewind(&desc->doc.diags);
	snprintf(what, sizeof(what), "create the cell %s", desc->name);
	r = desc_verdict(desc);
	if (r == 0)
		r = hv_require_enabled(hv, what);
	if (r < 0)
		return r;

	lock = lock_take(hv->context);
	if (lock < 0)
		return lock;

	r = host_refresh(host);
	if (r == 0)
		r = inventory_read(hv->context, hv->fd, &inventory);
	if (r == 0) {
		r = create_locked(hv, desc, host, &inventory, ret);
		inventory_clear(&inventory);
	}
	close(lock);
	return r;
}

LIBCELL_PUBLIC int cell_cell_load(cell_cell *cell, cell_desc *desc)
{
	int r;

	context_begin(cell->hv->context);
	diag_rewind(&desc->doc.diags);
	r = desc_verdict(desc);
	if (r < 0)
		return r;
	return load_images(cell, desc);
}
