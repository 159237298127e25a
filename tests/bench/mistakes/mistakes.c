// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A kernel module that makes one mistake of each kind that a debug kernel looks for, to see whether
 * it does. What is not found here would not have been found before either. Writing a mistake's
 * name to the parameter `make` makes it.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static DEFINE_SPINLOCK(mistake_spinlock);
static DEFINE_MUTEX(mistake_first);
static DEFINE_MUTEX(mistake_second);

static void mistake_sleep(void)
{
	spin_lock(&mistake_spinlock);
	might_sleep();
	spin_unlock(&mistake_spinlock);
}

static void mistake_lock_both(struct mutex *outer, struct mutex *inner)
{
	mutex_lock(outer);
	mutex_lock(inner);
	mutex_unlock(inner);
	mutex_unlock(outer);
}

static void mistake_order(void)
{
	mistake_lock_both(&mistake_first, &mistake_second);
	mistake_lock_both(&mistake_second, &mistake_first);
}

static void mistake_use(void)
{
	u8 *memory = kzalloc(100, GFP_KERNEL);

	if (!memory)
		return;
	OPTIMIZER_HIDE_VAR(memory);
	kfree(memory);
	pr_info("mistakes: %u, of memory that was freed\n", READ_ONCE(memory[50]));
}

static void mistake_leak(void)
{
	u8 *memory = kzalloc(100, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(memory);
}

static void mistake_warn(void)
{
	WARN_ON(true);
}

static const struct mistake {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	{"leak", mistake_leak}, {"sleep", mistake_sleep}, {"order", mistake_order},
	{"use", mistake_use},	{"warn", mistake_warn},
};

static int mistakes_make(const char *name, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (!sysfs_streq(name, mistakes[i].name))
			continue;
		mistakes[i].make();
		return 0;
	}

	return -EINVAL;
}

static const struct kernel_param_ops mistakes_operations = {.set = mistakes_make};
module_param_cb(make, &mistakes_operations, NULL, 0200);
MODULE_PARM_DESC(make, "leak, sleep, order, use or warn");

static int __init mistakes_init(void)
{
	return 0;
}

static void __exit mistakes_exit(void)
{
}

module_init(mistakes_init);
module_exit(mistakes_exit);
MODULE_DESCRIPTION("Tests: a mistake of each kind");
MODULE_LICENSE("GPL");
