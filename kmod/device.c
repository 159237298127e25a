// SPDX-License-Identifier: GPL-2.0-only
/* /dev/cellhv: which ioctl goes where, and how its argument gets in and out. */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cellhv.h"

struct device_command {
	unsigned int cmd;
	u32 min_size; /* up to the last input that the call cannot do without */
	u32 size;
	u32 error; /* offset of its struct cellhv_error, 0: has none */
	bool admin;
	int (*handler)(union device_args *args);
};

#define COMMAND(name, type, last, may_change, function)                                \
	{                                                                              \
		.cmd = CELLHV_IOC_##name, .min_size = offsetofend(struct type, last),  \
		.size = sizeof(struct type), .admin = may_change, .handler = function, \
	}
#define COMMAND_WITH_ERROR(name, type, last, may_change, function)                    \
	{                                                                             \
		.cmd = CELLHV_IOC_##name, .min_size = offsetofend(struct type, last), \
		.size = sizeof(struct type), .error = offsetof(struct type, error),   \
		.admin = may_change, .handler = function,                             \
	}

static const struct device_command device_commands[] = {
	COMMAND(INFO, cellhv_info, driver_version, false, hypervisor_info),
	COMMAND_WITH_ERROR(ENABLE, cellhv_enable, config_size, true, hypervisor_enable),
	COMMAND_WITH_ERROR(DISABLE, cellhv_disable, flags, true, hypervisor_disable),
	COMMAND_WITH_ERROR(CELL_CREATE, cellhv_cell_create, id, true, cell_create),
	COMMAND_WITH_ERROR(CELL_LOAD, cellhv_cell_load, length, true, cell_load),
	COMMAND_WITH_ERROR(CELL_START, cellhv_cell_op, flags, true, cell_start),
	COMMAND_WITH_ERROR(CELL_STOP, cellhv_cell_op, flags, true, cell_stop),
	COMMAND_WITH_ERROR(CELL_DESTROY, cellhv_cell_op, flags, true, cell_destroy),
	COMMAND_WITH_ERROR(CELL_MESSAGE, cellhv_cell_message, reply, true, message_send),
	COMMAND(CELL_INFO, cellhv_cell_info, state, false, status_info),
	COMMAND(CELL_CONFIG, cellhv_cell_read_config, length, false, status_config),
	COMMAND(CPU_STATS, cellhv_cpu_stats, cpu, false, hypervisor_cpu_stats),
	COMMAND(CONSOLE_OPEN, cellhv_console_open, flags, false, console_open),
};

/* The size that a command encodes is the caller's; the structure says it again, and that counts. */
static const struct device_command *device_find_command(unsigned int cmd)
{
	const unsigned int ignore = _IOC_SIZEMASK << _IOC_SIZESHIFT;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(device_commands); i++)
		if (!((device_commands[i].cmd ^ cmd) & ~ignore))
			return &device_commands[i];

	return NULL;
}

static int device_copy_in(const struct device_command *command, union device_args *args,
			  void __user *user, u32 *ret_user_size)
{
	u32 size;
	int ret;

	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < command->min_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;

	ret = copy_struct_from_user(args, command->size, user, size);
	if (ret)
		return ret;

	/*
	 * Whoever cannot take the result must hear of it before anything happens: all of it is
	 * written once, as it was.
	 */
	if (_IOC_DIR(command->cmd) & _IOC_READ &&
	    copy_to_user(user, args, min(size, command->size)))
		return -EFAULT;

	args->size = command->size;
	if (command->error)
		memset((void *)args + command->error, 0, sizeof(struct cellhv_error));
	*ret_user_size = size;

	return 0;
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct device_command *command = device_find_command(cmd);
	void __user *user = (void __user *)arg;
	union device_args args = {};
	u32 user_size;
	int ret;

	if (!command)
		return -ENOTTY;
	if (command->admin && !capable(CAP_SYS_ADMIN))
		return -EPERM;

	ret = device_copy_in(command, &args, user, &user_size);
	if (ret)
		return ret;

	ret = command->handler(&args);

	/* Memory that the caller has taken away meanwhile does not undo what has been done. */
	args.size = user_size;
	if (_IOC_DIR(command->cmd) & _IOC_READ &&
	    copy_to_user(user, &args, min(user_size, command->size)) && !command->admin)
		return -EFAULT;

	return ret;
}

/* An open descriptor remembers the change count that was last read from it. */
static int device_open(struct inode *inode, struct file *file)
{
	atomic64_t *seen = kmalloc(sizeof(*seen), GFP_KERNEL);

	if (!seen)
		return -ENOMEM;

	atomic64_set(seen, watch_changes());
	file->private_data = seen;
	watch_open();

	return stream_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	watch_close();
	kfree(file->private_data);

	return 0;
}

static ssize_t device_read(struct file *file, char __user *buffer, size_t size, loff_t *offset)
{
	atomic64_t *seen = file->private_data;
	u64 changes = watch_changes();

	if (size < sizeof(changes))
		return -EINVAL;
	if (copy_to_user(buffer, &changes, sizeof(changes)))
		return -EFAULT;

	atomic64_set(seen, changes);
	return sizeof(changes);
}

static __poll_t device_poll(struct file *file, poll_table *table)
{
	const atomic64_t *seen = file->private_data;

	poll_wait(file, &watch_queue, table);
	return (u64)atomic64_read(seen) != watch_changes() ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations device_operations = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.poll = device_poll,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "cellhv",
	.fops = &device_operations,
	.mode = 0600,
};

int device_init(void)
{
	return misc_register(&device_misc);
}

void device_exit(void)
{
	misc_deregister(&device_misc);
}

struct device *device_get(void)
{
	return device_misc.this_device;
}
