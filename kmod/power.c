// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reboot, kexec and power-off end all cells and leave native CPUs behind; suspend is refused, for
 * no hypervisor state would survive it. A panic needs nothing: Linux goes on as a guest, and a
 * crash kernel boots as one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "cellhv.h"

/* kexec calls this chain as well, as a restart. */
static int power_reboot(struct notifier_block *block, unsigned long action, void *data)
{
	hypervisor_shutdown();
	return NOTIFY_OK;
}

static int power_sleep(struct notifier_block *block, unsigned long action, void *data)
{
	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		if (!hypervisor_block())
			return NOTIFY_OK;
		pr_err("no suspend or hibernation while the hypervisor is enabled: disable it "
		       "first\n");
		return notifier_from_errno(-EBUSY);
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		hypervisor_unblock();
		return NOTIFY_OK;
	default:
		return NOTIFY_DONE;
	}
}

/* Early: what follows in this chain may rely on native CPUs. */
static struct notifier_block power_reboot_notifier = {
	.notifier_call = power_reboot,
	.priority = INT_MAX,
};

static struct notifier_block power_sleep_notifier = {.notifier_call = power_sleep};

int power_init(void)
{
	int ret;

	ret = register_reboot_notifier(&power_reboot_notifier);
	if (ret)
		return ret;

	ret = register_pm_notifier(&power_sleep_notifier);
	if (ret)
		unregister_reboot_notifier(&power_reboot_notifier);

	return ret;
}

void power_exit(void)
{
	unregister_pm_notifier(&power_sleep_notifier);
	unregister_reboot_notifier(&power_reboot_notifier);
}
