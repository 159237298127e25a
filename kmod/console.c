// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors that read the console of a cell, or the hypervisor's own, and type into one. */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cellhv.h"

struct console {
	struct mutex lock; /* one reader or writer at a time; protects all below */
	u32 id;
	u64 generation; /* of the hypervisor: ids mean something else in the next one */
	u64 position;
	void *page; /* what the hypervisor writes to, and reads */
};

/*
 * Copies what follows the position into the page, up to `size` bytes. Returns how many, 0 where
 * there are none yet, or -ENODEV at the end. *ret_next: the position after them.
 */
static int console_fetch(struct console *console, u32 size, u64 *ret_next)
{
	struct cellhv_call call = {
		.op = CELLHV_OP_CONSOLE_READ,
		.console = {.cell = console->id,
			    .size = min_t(u32, size, PAGE_SIZE),
			    .phys = virt_to_phys(console->page),
			    .position = console->position},
	};
	struct cellhv_error error;
	int ret;

	if (console->generation != hypervisor_generation())
		return -ENODEV;

	ret = call_make(&call, &error);
	if (ret == -ENOENT)
		return -ENODEV;
	if (ret)
		return ret;
	if (call.console.size > min_t(u32, size, PAGE_SIZE))
		return -EPROTO;

	*ret_next = call.console.position;
	return call.console.size;
}

static ssize_t console_read_some(struct console *console, char __user *buffer, size_t size)
{
	u64 next;
	int ret;

	if (mutex_lock_interruptible(&console->lock))
		return -ERESTARTSYS;

	ret = console_fetch(console, min_t(size_t, size, PAGE_SIZE), &next);
	if (ret > 0) {
		if (copy_to_user(buffer, console->page, ret))
			ret = -EFAULT;
		else
			console->position = next;
	}
	mutex_unlock(&console->lock);

	return ret;
}

static ssize_t console_read(struct file *file, char __user *buffer, size_t size, loff_t *offset)
{
	u64 outputs;
	ssize_t ret;

	if (!size)
		return 0;

	for (;;) {
		/* Counted before looking: output that comes in between ends the wait at once. */
		outputs = watch_outputs();
		ret = console_read_some(file->private_data, buffer, size);
		if (ret)
			return ret == -ENODEV ? 0 : ret;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(watch_queue, watch_outputs() != outputs))
			return -ERESTARTSYS;
	}
}

/*
 * Types the first `size` bytes of the page. Returns how many there was room for; with size 0:
 * whether there is room. -EAGAIN: there is none; -EPIPE: the cell does not run, or is gone.
 */
static int console_type(struct console *console, u32 size)
{
	struct cellhv_call call = {
		.op = CELLHV_OP_CONSOLE_WRITE,
		.console = {.cell = console->id, .size = size, .phys = virt_to_phys(console->page)},
	};
	struct cellhv_error error;
	int ret;

	if (console->generation != hypervisor_generation())
		return -EPIPE;

	ret = call_make(&call, &error);
	if (ret == -ENOENT || ret == -ENODEV ||
	    (ret == -EBUSY && error.check == CELLHV_CHECK_CELL_STATE))
		return -EPIPE;
	if (ret == -EINVAL && error.check == CELLHV_CHECK_CALL_FORMAT)
		return -EOPNOTSUPP;
	if (ret)
		return ret;

	return call.console.size > size ? -EPROTO : call.console.size;
}

static ssize_t console_write_some(struct console *console, const char __user *buffer, size_t size)
{
	int ret;

	if (mutex_lock_interruptible(&console->lock))
		return -ERESTARTSYS;

	size = min_t(size_t, size, PAGE_SIZE);
	ret = copy_from_user(console->page, buffer, size) ? -EFAULT : console_type(console, size);
	mutex_unlock(&console->lock);

	return ret;
}

/* As many as there is room for, once there is some. */
static ssize_t console_write(struct file *file, const char __user *buffer, size_t size,
			     loff_t *offset)
{
	struct console *console = file->private_data;
	u64 outputs;
	ssize_t ret;

	for (;;) {
		/* What the guest takes counts as its output does. */
		outputs = watch_outputs();
		ret = console_write_some(console, buffer, size);
		if (ret != -EAGAIN || file->f_flags & O_NONBLOCK)
			return ret;
		if (wait_event_interruptible(watch_queue, watch_outputs() != outputs))
			return -ERESTARTSYS;
	}
}

static __poll_t console_poll(struct file *file, poll_table *table)
{
	struct console *console = file->private_data;
	__poll_t room = 0;
	u64 next;
	int ret;

	poll_wait(file, &watch_queue, table);

	mutex_lock(&console->lock);
	ret = console_fetch(console, 1, &next);
	if (file->f_mode & FMODE_WRITE && console_type(console, 0) != -EAGAIN)
		room = EPOLLOUT | EPOLLWRNORM;
	mutex_unlock(&console->lock);

	if (ret < 0)
		return room | EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	return ret ? room | EPOLLIN | EPOLLRDNORM : room;
}

static void console_free(struct console *console)
{
	mutex_destroy(&console->lock);
	free_page((unsigned long)console->page);
	kfree(console);
}

static int console_release(struct inode *inode, struct file *file)
{
	watch_close();
	console_free(file->private_data);

	return 0;
}

static const struct file_operations console_operations = {
	.owner = THIS_MODULE,
	.read = console_read,
	.write = console_write,
	.poll = console_poll,
	.release = console_release,
};

static struct console *console_new(u32 id)
{
	struct console *console = kzalloc(sizeof(*console), GFP_KERNEL);

	if (!console)
		return NULL;

	console->page = (void *)__get_free_page(GFP_KERNEL);
	if (!console->page) {
		kfree(console);
		return NULL;
	}

	mutex_init(&console->lock);
	console->id = id;
	console->generation = hypervisor_generation();

	return console;
}

static int console_open_fd(u32 id, int flags)
{
	struct console *console = console_new(id);
	int fd;

	if (!console)
		return -ENOMEM;

	/* Counted first: once there is a descriptor, another thread may close it. */
	watch_open();
	fd = anon_inode_getfd("[cellhv-console]", &console_operations, console, O_CLOEXEC | flags);
	if (fd < 0) {
		watch_close();
		console_free(console);
	}

	return fd;
}

/* Whether who asks may type, and whether there is somebody who would read it. */
static int console_check_input(const struct cell *cell)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return cell && cell->config->flags & CELLHV_CELL_PLATFORM_PC ? 0 : -EOPNOTSUPP;
}

int console_open(union device_args *args)
{
	const struct cellhv_console_open *open = &args->console;
	struct cellhv_error error;
	struct cell *cell = NULL;
	int ret;

	if (open->flags & ~(O_CLOEXEC | O_NONBLOCK | O_RDWR) || open->reserved)
		return -EINVAL;

	ret = hypervisor_get(&error);
	if (ret)
		return ret;

	if (open->id != CELLHV_ROOT_ID) {
		cell = roster_get(open->id, &error);
		if (!cell)
			ret = -ENOENT;
	}
	if (!ret && open->flags & O_RDWR)
		ret = console_check_input(cell);
	if (!ret)
		ret = console_open_fd(open->id, open->flags & (O_NONBLOCK | O_RDWR));
	if (cell)
		roster_put(cell);
	hypervisor_put();

	return ret;
}
