// SPDX-License-Identifier: GPL-2.0-only
/* The hypervisor as a whole: enabled, disabled, and what may happen in between. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "cellhv.h"
#include "arch.h"

/* Outermost lock. Operations on cells hold it for reading, what enables or disables for writing. */
static DECLARE_RWSEM(hypervisor_sem);
static struct launch *hypervisor_launch; /* NULL: disabled */
static bool hypervisor_blocked;

/* The same for the CPU hotplug callback; written with the hotplug lock held for reading. */
static struct launch *hypervisor_cpus;

static u64 hypervisor_memory_phys; /* these three are read without the lock */
static u64 hypervisor_enables;
static struct cellhv_error hypervisor_iommus_left; /* why the IOMMUs are not the hypervisor's */

u64 hypervisor_generation(void)
{
	return READ_ONCE(hypervisor_enables);
}

static void hypervisor_set_cpus(struct launch *launch)
{
	cpus_read_lock();
	hypervisor_cpus = launch;
	cpus_read_unlock();
}

bool hypervisor_admits_cpu(unsigned int cpu)
{
	return !hypervisor_cpus || launch_has_cpu(hypervisor_cpus, cpu);
}

int hypervisor_get(struct cellhv_error *error)
{
	if (down_read_killable(&hypervisor_sem))
		return -EINTR;

	if (!hypervisor_launch || hypervisor_blocked) {
		bool disabled = !hypervisor_launch;

		up_read(&hypervisor_sem);
		if (disabled)
			return refuse(error, -ENODEV, CELLHV_DRIVER_CHECK_DISABLED, 0);
		return refuse(error, -EBUSY, CELLHV_DRIVER_CHECK_SUSPENDING, 0);
	}

	return 0;
}

void hypervisor_put(void)
{
	up_read(&hypervisor_sem);
}

int hypervisor_info(union device_args *args)
{
	struct cellhv_info *info = &args->info;
	struct cellhv_call call = {.op = CELLHV_OP_INFO};
	struct cellhv_error error;
	int ret;

	*info = (struct cellhv_info){
		.size = info->size,
		.driver_version = CELLHV_DRIVER_VERSION,
		.abi_version = CELLHV_ABI_VERSION,
		.state = CELLHV_HYPERVISOR_DISABLED,
	};

	ret = call_make(&call, &error);
	if (ret == -ENODEV && error.check == CELLHV_DRIVER_CHECK_DISABLED)
		return 0;
	if (ret)
		return ret;

	info->state = CELLHV_HYPERVISOR_ENABLED;
	info->pages_total = call.info.pages_total;
	info->pages_used = call.info.pages_used;
	info->num_cpus = call.info.num_cpus;
	info->num_cells = call.info.num_cells;
	info->x2apic = call.info.x2apic;
	info->apic_khz = call.info.apic_khz;
	info->memory_phys = READ_ONCE(hypervisor_memory_phys);
	info->memory_size = CELLHV_MEMORY_SIZE;
	strscpy(info->version, call.info.version, sizeof(info->version));
	info->dma = call.info.dma;
	info->interrupts = call.info.interrupts;
	info->iommu = hypervisor_iommus_left;
	info->tables_total = call.info.tables_total;
	info->tables_used = call.info.tables_used;

	return 0;
}

int hypervisor_cpu_stats(union device_args *args)
{
	struct cellhv_cpu_stats *stats = &args->stats;
	struct cellhv_call call = {.op = CELLHV_OP_CPU_STATS, .stats.cpu = stats->cpu};
	struct cellhv_error error;
	int ret;

	ret = call_make(&call, &error);
	if (ret)
		return ret;

	memcpy(stats->count, call.stats.count, sizeof(stats->count));
	return 0;
}

/*
 * With every CPU in, as those that are not would go on writing to the registers. Without IOMMUs
 * there is a hypervisor all the same.
 */
static void hypervisor_take_iommus(void)
{
	struct cellhv_call call = {.op = CELLHV_OP_IOMMU_TAKE};
	struct cellhv_error error = {};

	if (call_make(&call, &error) && error.check != CELLHV_CHECK_IOMMU_NONE)
		pr_notice("IOMMUs stay as they are: check %u on %#llx\n", error.check,
			  error.object);
	hypervisor_iommus_left = error;
}

static int hypervisor_leave_iommus(struct cellhv_error *error)
{
	struct cellhv_call call = {.op = CELLHV_OP_IOMMU_LEAVE};

	return call_make(&call, error);
}

/* The image goes into memory and every CPU into the image, or nothing has changed. */
static int hypervisor_enter(const struct cellhv_system_config *system, struct cellhv_error *error)
{
	struct launch *launch;
	int ret;

	if (hypervisor_blocked)
		return refuse(error, -EBUSY, CELLHV_DRIVER_CHECK_SUSPENDING, 0);
	if (hypervisor_launch)
		return refuse(error, -EALREADY, CELLHV_DRIVER_CHECK_ENABLED, 0);

	ret = launch_load(device_get(), system, error, &launch);
	if (ret)
		return ret;

	/* Before: a CPU that comes online after the others have entered must find itself refused.
	 */
	hypervisor_set_cpus(launch);
	ret = launch_enter(launch, error);
	if (ret) {
		hypervisor_set_cpus(NULL);
		launch_free(launch);
		return ret;
	}

	/* From here on the module's text is what CPUs return to: it must stay. */
	__module_get(THIS_MODULE);
	hypervisor_launch = launch;
	WRITE_ONCE(hypervisor_memory_phys, launch_memory_phys(launch));
	WRITE_ONCE(hypervisor_enables, hypervisor_enables + 1);
	call_open(launch);
	hypervisor_take_iommus();
	pin_set_system(system);
	pr_info("hypervisor enabled, memory at %#llx\n", hypervisor_memory_phys);

	return 0;
}

static int hypervisor_enable_with(const struct cellhv_system_config *system, u32 size,
				  struct cellhv_error *error)
{
	int ret = config_check_system(system, size, error);

	if (ret)
		return ret;

	if (down_write_killable(&hypervisor_sem))
		return -EINTR;
	ret = hypervisor_enter(system, error);
	up_write(&hypervisor_sem);
	if (ret)
		return ret;

	watch_changed();
	watch_start();

	return 0;
}

int hypervisor_enable(union device_args *args)
{
	struct cellhv_enable *enable = &args->enable;
	struct cellhv_system_config *system;
	int ret;

	if (enable->flags || enable->reserved)
		return -EINVAL;
	if (enable->config_size < sizeof(*system) || enable->config_size > CELLHV_SYSTEM_MAX_SIZE)
		return refuse(&enable->error, -EINVAL, CELLHV_CHECK_CONFIG_FORMAT, 0);

	system = memdup_user(u64_to_user_ptr(enable->config), enable->config_size);
	if (IS_ERR(system))
		return PTR_ERR(system);

	ret = hypervisor_enable_with(system, enable->config_size, &enable->error);
	kfree(system);

	return ret;
}

static int hypervisor_leave(struct cellhv_error *error)
{
	int ret;

	lockdep_assert_held_write(&hypervisor_sem);
	if (!hypervisor_launch)
		return refuse(error, -EALREADY, CELLHV_DRIVER_CHECK_DISABLED, 0);
	if (roster_count())
		return refuse(error, -EBUSY, CELLHV_CHECK_CELLS_EXIST, roster_count());

	ret = hypervisor_leave_iommus(error);
	if (ret) {
		hypervisor_iommus_left = *error;
		return ret;
	}

	call_close();
	ret = launch_leave(hypervisor_launch, error);
	if (ret) {
		call_open(hypervisor_launch);
		hypervisor_take_iommus();
		return ret;
	}

	hypervisor_set_cpus(NULL);
	launch_free(hypervisor_launch);
	hypervisor_launch = NULL;
	module_put(THIS_MODULE);
	watch_changed();
	pr_info("hypervisor disabled\n");

	return 0;
}

int hypervisor_disable(union device_args *args)
{
	struct cellhv_disable *disable = &args->disable;
	int ret;

	if (disable->flags)
		return -EINVAL;

	if (down_write_killable(&hypervisor_sem))
		return -EINTR;
	ret = hypervisor_leave(&disable->error);
	up_write(&hypervisor_sem);

	return ret;
}

int hypervisor_block(void)
{
	int ret = 0;

	down_write(&hypervisor_sem);
	if (hypervisor_launch)
		ret = -EBUSY;
	else
		hypervisor_blocked = true;
	up_write(&hypervisor_sem);

	return ret;
}

void hypervisor_unblock(void)
{
	down_write(&hypervisor_sem);
	hypervisor_blocked = false;
	up_write(&hypervisor_sem);
}

void hypervisor_shutdown(void)
{
	struct cellhv_error error;
	int ret;

	down_write(&hypervisor_sem);
	hypervisor_blocked = true;
	if (hypervisor_launch) {
		cell_destroy_all();
		ret = hypervisor_leave(&error);
		if (ret)
			pr_err("the machine goes down with the hypervisor enabled: %pe, check %u "
			       "on %#llx\n",
			       ERR_PTR(ret), error.check, error.object);
	}
	up_write(&hypervisor_sem);
}
