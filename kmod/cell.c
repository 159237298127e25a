// SPDX-License-Identifier: GPL-2.0-only
/* Cells from create to destroy. Each operation leaves the machine as it was, or is done. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "cellhv.h"

#define CELL_LOAD_CHUNK SZ_64K /* the most that one CELLHV_OP_CELL_LOAD takes */

/* Zeroes the cell's RAM, piece by piece so that nothing else waits for long. */
static int cell_scrub(u32 id, bool killable, struct cellhv_error *error)
{
	struct cellhv_call call;
	int ret;

	do {
		if (killable && fatal_signal_pending(current))
			return -EINTR;

		call = (struct cellhv_call){.op = CELLHV_OP_CELL_SCRUB, .scrub.cell = id};
		ret = call_make(&call, error);
		if (ret)
			return ret;
		cond_resched();
	} while (call.scrub.remaining);

	return 0;
}

/* Where another cell has left a link meanwhile, its memory is this one's to zero. */
static int cell_remove(u32 id, struct cellhv_error *error)
{
	int ret;

	do {
		ret = cell_scrub(id, false, error);
		if (!ret)
			ret = call_cell(CELLHV_OP_CELL_DESTROY, id, error);
	} while (ret == -EBUSY && error->check == CELLHV_CHECK_CELL_NOT_SCRUBBED);

	return ret;
}

/*
 * Ends the cell in the hypervisor. Where that refuses, the cell stays, ready to be destroyed
 * another time. No signal ends this: half a cell helps nobody.
 */
static int cell_withdraw(struct cell *cell, struct cellhv_error *error)
{
	struct cellhv_call call;
	int ret;

	if (!cell->id)
		return 0;

	ret = status_query(cell->id, &call, error);
	if (!ret && call.status.state != CELLHV_STATE_STOPPED)
		ret = call_cell(CELLHV_OP_CELL_STOP, cell->id, error);
	if (ret)
		return ret;

	link_leave_all(cell);
	return cell_remove(cell->id, error);
}

/*
 * What it had is Linux's again and the cell is no more, even where some of it does not come back.
 * In the opposite order, as a driver counts CPUs and may want the pin. Not to `go on`, functions
 * are left without one.
 */
static int cell_release(struct cell *cell, bool go_on, struct cellhv_error *error)
{
	struct cellhv_error other;
	int ret, lost;

	roster_set_ready(cell, false);
	ret = cpus_give_back_all(cell, error);
	pin_give_back_all(cell);
	lost = function_give_back_all(cell, go_on, ret ? &other : error);
	roster_remove(cell);
	watch_changed();

	return ret ?: lost;
}

static void cell_undo(struct cell *cell)
{
	struct cellhv_error error;

	if (!cell_withdraw(cell, &error)) {
		cell_release(cell, true, &error);
		return;
	}

	pr_err("cell %s: cannot be undone, check %u on %#llx\n", cell->config->name, error.check,
	       error.object);
	roster_set_ready(cell, true);
}

/* A pin is free once the driver of its function has gone. */
static int cell_take(struct cell *cell, struct cellhv_error *error)
{
	int ret;

	ret = function_take_all(cell, error);
	if (ret)
		return ret;

	ret = pin_take_all(cell, error);
	if (ret)
		return ret;

	return cpus_take_all(cell, error);
}

static int cell_make(struct cell *cell, struct cellhv_error *error)
{
	struct cellhv_call call = {
		.op = CELLHV_OP_CELL_CREATE,
		.create.config_phys = virt_to_phys(cell->config),
		.create.config_size = cell->config->header.total_size,
	};
	int ret;

	ret = status_check_locked(0, error);
	if (ret)
		return ret;

	/* Asked before any CPU is bothered, and once more when nothing can change under it. */
	ret = memory_check(cell->config, error);
	if (ret)
		return ret;

	ret = function_look_up_all(cell, error);
	if (ret)
		return ret;

	ret = cell_take(cell, error);
	if (ret)
		return ret;

	/*
	 * Memory goes online under the lock that remove_cpu() has just taken: whoever was at it
	 * before this cell was in the roster is done, whoever comes later is refused.
	 */
	ret = memory_check(cell->config, error);
	if (ret)
		return ret;

	ret = call_make(&call, error);
	if (ret)
		return ret;
	cell->id = call.create.id;

	ret = cell_scrub(cell->id, true, error);
	if (ret)
		return ret;

	return link_join_all(cell, error);
}

/* `config` becomes the cell's, in the end, even on failure. */
static struct cell *cell_new(struct cellhv_cell_config *config)
{
	struct cell *cell = kzalloc(sizeof(*cell), GFP_KERNEL);
	u32 i;

	if (!cell) {
		kfree(config);
		return NULL;
	}

	INIT_LIST_HEAD(&cell->node);
	kref_init(&cell->ref);
	mutex_init(&cell->lock);
	cell->config = config;
	for (i = 0; i < config->cpus.count; i++)
		__set_bit(config_cpus(config)[i], cell->claimed);

	return cell;
}

static int cell_create_from(struct cellhv_cell_config *config, struct cellhv_error *error,
			    u32 *ret_id)
{
	struct cell *cell = cell_new(config);
	int ret;

	if (!cell)
		return -ENOMEM;

	ret = roster_add(cell, error);
	if (ret)
		goto out;

	ret = cell_make(cell, error);
	if (ret) {
		cell_undo(cell);
		goto out;
	}

	*ret_id = cell->id;
	roster_set_ready(cell, true);
	watch_changed();
	watch_start();
out:
	roster_put(cell);
	return ret;
}

int cell_create(union device_args *args)
{
	struct cellhv_cell_create *create = &args->create;
	struct cellhv_cell_config *config;
	int ret;

	if (create->flags)
		return -EINVAL;
	if (create->config_size < sizeof(*config) || create->config_size > CELLHV_CONFIG_MAX_SIZE)
		return refuse(&create->error, -EINVAL, CELLHV_CHECK_CONFIG_FORMAT, 0);

	/* kmalloc'ed, thus contiguous: the hypervisor reads this very copy. */
	config = memdup_user(u64_to_user_ptr(create->config), create->config_size);
	if (IS_ERR(config))
		return PTR_ERR(config);

	ret = config_check_cell(config, create->config_size, &create->error);
	if (!ret)
		ret = hypervisor_get(&create->error);
	if (ret) {
		kfree(config);
		return ret;
	}

	ret = cell_create_from(config, &create->error, &create->id);
	hypervisor_put();

	return ret;
}

/* The cell, its lock held, and the hypervisor kept enabled; undone by cell_end(). */
static struct cell *cell_begin(u32 id, struct cellhv_error *error)
{
	struct cell *cell;
	int ret;

	ret = hypervisor_get(error);
	if (ret)
		return ERR_PTR(ret);

	cell = roster_get(id, error);
	if (!cell) {
		ret = -ENOENT;
		goto put_hypervisor;
	}

	if (mutex_lock_killable(&cell->lock)) {
		ret = -EINTR;
		goto put_cell;
	}

	/* It may have been destroyed while this caller waited for its turn. */
	if (roster_is_ready(cell))
		return cell;

	ret = refuse(error, -ENOENT, CELLHV_CHECK_NO_SUCH_CELL, id);
	mutex_unlock(&cell->lock);
put_cell:
	roster_put(cell);
put_hypervisor:
	hypervisor_put();
	return ERR_PTR(ret);
}

static void cell_end(struct cell *cell)
{
	mutex_unlock(&cell->lock);
	roster_put(cell);
	hypervisor_put();
}

/* Whoever sees that it runs sees since when, hence the time first. */
static int cell_start_now(struct cell *cell, struct cellhv_error *error)
{
	const u64 before = cell->start_time;
	int ret;

	WRITE_ONCE(cell->start_time, ktime_get_ns());
	ret = call_cell(CELLHV_OP_CELL_START, cell->id, error);
	if (ret)
		WRITE_ONCE(cell->start_time, before);

	return ret;
}

static int cell_simple_op(struct cellhv_cell_op *args, u32 op)
{
	struct cell *cell;
	int ret;

	if (args->flags || args->reserved)
		return -EINVAL;

	cell = cell_begin(args->id, &args->error);
	if (IS_ERR(cell))
		return PTR_ERR(cell);

	ret = op == CELLHV_OP_CELL_START ? cell_start_now(cell, &args->error)
					 : call_cell(op, cell->id, &args->error);
	cell_end(cell);
	if (!ret)
		watch_changed();

	return ret;
}

int cell_start(union device_args *args)
{
	return cell_simple_op(&args->op, CELLHV_OP_CELL_START);
}

int cell_stop(union device_args *args)
{
	return cell_simple_op(&args->op, CELLHV_OP_CELL_STOP);
}

int cell_destroy(union device_args *args)
{
	struct cellhv_cell_op *op = &args->op;
	struct cellhv_call call;
	struct cell *cell;
	u32 state;
	int ret;

	if (op->flags & ~CELLHV_CELL_FORCE || op->reserved)
		return -EINVAL;

	cell = cell_begin(op->id, &op->error);
	if (IS_ERR(cell))
		return PTR_ERR(cell);

	ret = status_query(cell->id, &call, &op->error);
	if (ret)
		goto out;

	state = call.status.state;
	if (!(op->flags & CELLHV_CELL_FORCE) &&
	    (state == CELLHV_STATE_RUNNING || state == CELLHV_STATE_LOCKED)) {
		ret = refuse(&op->error, -EBUSY, CELLHV_CHECK_CELL_STATE, state);
		goto out;
	}

	ret = status_check_locked(cell->id, &op->error);
	if (!ret)
		ret = cell_withdraw(cell, &op->error);
	if (!ret)
		ret = cell_release(cell, true, &op->error);
out:
	cell_end(cell);

	return ret;
}

void cell_destroy_all(void)
{
	struct cellhv_error error;
	struct cell *cell;
	int ret = 0;
	u32 id = 0;

	/* All are stopped before any is destroyed: one that is locked would hinder the others. */
	while ((cell = roster_next(id))) {
		id = cell->id;
		call_cell(CELLHV_OP_CELL_STOP, id, &error);
		roster_put(cell);
	}

	while (!ret && (cell = roster_first())) {
		ret = cell_withdraw(cell, &error);
		if (ret)
			pr_err("cell %s: cannot be destroyed: %pe, check %u on %#llx\n",
			       cell->config->name, ERR_PTR(ret), error.check, error.object);
		else
			cell_release(cell, false, &error);
		roster_put(cell);
	}
}

static int cell_load_chunks(u32 id, const struct cellhv_cell_load *load, void *buffer,
			    struct cellhv_error *error)
{
	struct cellhv_call call;
	u64 done = 0;
	u32 length;
	int ret;

	while (done < load->length) {
		length = min_t(u64, load->length - done, CELL_LOAD_CHUNK);
		if (fatal_signal_pending(current))
			return -EINTR;
		if (copy_from_user(buffer, u64_to_user_ptr(load->buffer + done), length))
			return -EFAULT;

		call = (struct cellhv_call){
			.op = CELLHV_OP_CELL_LOAD,
			.load = {.cell = id,
				 .length = length,
				 .guest = load->guest + done,
				 .phys = virt_to_phys(buffer)},
		};
		ret = call_make(&call, error);
		if (ret)
			return ret;

		done += length;
		cond_resched();
	}

	return 0;
}

int cell_load(union device_args *args)
{
	struct cellhv_cell_load *load = &args->load;
	struct cell *cell;
	void *buffer;
	u64 end;
	int ret;

	if (check_add_overflow(load->guest, load->length, &end))
		return refuse(&load->error, -EINVAL, CELLHV_CHECK_MEMORY_RANGE, load->guest);
	if (check_add_overflow(load->buffer, load->length, &end))
		return -EFAULT;

	buffer = kmalloc(CELL_LOAD_CHUNK, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;

	cell = cell_begin(load->id, &load->error);
	if (IS_ERR(cell)) {
		ret = PTR_ERR(cell);
	} else {
		ret = cell_load_chunks(cell->id, load, buffer, &load->error);
		cell_end(cell);
	}

	kfree_sensitive(buffer);
	return ret;
}
