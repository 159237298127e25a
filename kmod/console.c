// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors that read the console of a cell, or the hypervisor's own. */
#include <linux/anon_inodes.h>
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
	struct mutex lock; /* one reader at a time; protects all below */
	u32 id;
	u64 generation; /* of the hypervisor: ids mean something else in the next one */
	u64 position;
	void *page; /* what the hypervisor writes to */
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

static __poll_t console_poll(struct file *file, poll_table *table)
{
	struct console *console = file->private_data;
	u64 next;
	int ret;

	poll_wait(file, &watch_queue, table);

	mutex_lock(&console->lock);
	ret = console_fetch(console, 1, &next);
	mutex_unlock(&console->lock);

	if (ret < 0)
		return EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	return ret ? EPOLLIN | EPOLLRDNORM : 0;
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
	fd = anon_inode_getfd("[cellhv-console]", &console_operations, console,
			      O_RDONLY | O_CLOEXEC | flags);
	if (fd < 0) {
		watch_close();
		console_free(console);
	}

	return fd;
}

int console_open(union device_args *args)
{
	const struct cellhv_console_open *open = &args->console;
	struct cellhv_error error;
	struct cell *cell = NULL;
	int ret;

	if (open->flags & ~(O_CLOEXEC | O_NONBLOCK) || open->reserved)
		return -EINVAL;

	ret = hypervisor_get(&error);
	if (ret)
		return ret;

	if (open->id != CELLHV_ROOT_ID) {
		cell = roster_get(open->id, &error);
		if (!cell)
			ret = -ENOENT;
	}
	if (!ret)
		ret = console_open_fd(open->id, open->flags & O_NONBLOCK);
	if (cell)
		roster_put(cell);
	hypervisor_put();

	return ret;
}
