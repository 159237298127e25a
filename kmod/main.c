// SPDX-License-Identifier: GPL-2.0-only
/* The module: what is set up when it is loaded, and taken down in the opposite order. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>

#include "cellhv.h"
#include "arch.h"

struct main_part {
	int (*init)(void);
	void (*exit)(void);
};

/* The device comes last: it is what lets anybody in. */
static const struct main_part main_parts[] = {
	{call_init, call_exit},		{cpus_init, cpus_exit}, {memory_init, memory_exit},
	{function_init, function_exit}, {link_init, link_exit}, {power_init, power_exit},
	{device_init, device_exit},
};

static void main_take_down(unsigned int count)
{
	while (count--)
		main_parts[count].exit();
}

static int __init main_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(main_parts); i++) {
		ret = main_parts[i].init();
		if (ret) {
			main_take_down(i);
			return ret;
		}
	}

	return 0;
}

/* The hypervisor is disabled here: while enabled it holds a reference to the module. */
static void __exit main_exit(void)
{
	main_take_down(ARRAY_SIZE(main_parts));
	watch_exit();
}

module_init(main_init);
module_exit(main_exit);

MODULE_DESCRIPTION("Static partitioning: loads the cellhv hypervisor and hands it CPUs and memory");
MODULE_AUTHOR("The cellmgr authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
MODULE_FIRMWARE(CELLHV_IMAGE_NAME);
