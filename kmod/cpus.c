// SPDX-License-Identifier: GPL-2.0-only
/* CPUs that move between Linux and cells, and the callback that keeps Linux from a cell's. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>

#include "cellhv.h"

/* A CPU that does not come back at once for lack of memory often does the next time. */
#define CPUS_TRIES 5
#define CPUS_PAUSE_MS 20

static int cpus_state; /* of our callback */

static int cpus_take(unsigned int cpu, struct cellhv_error *error)
{
	int ret;

	if (!cpu_online(cpu))
		return refuse(error, -EBUSY, CELLHV_DRIVER_CHECK_CPU_OFFLINE, cpu);

	/* CPU 0 is where Linux boots, suspends and reboots; most kernels refuse it anyway. */
	if (!cpu)
		return refuse(error, -EBUSY, CELLHV_DRIVER_CHECK_CPU_BUSY, cpu);

	/* 1: somebody else took it offline just now. */
	ret = remove_cpu(cpu);
	if (ret == -ENOMEM)
		return ret;
	if (ret > 0)
		return refuse(error, -EBUSY, CELLHV_DRIVER_CHECK_CPU_OFFLINE, cpu);
	if (ret)
		return refuse(error, -EBUSY, CELLHV_DRIVER_CHECK_CPU_BUSY, cpu);

	return 0;
}

/* On failure the caller gives back what was taken so far. */
int cpus_take_all(struct cell *cell, struct cellhv_error *error)
{
	unsigned int cpu;
	int ret;

	for_each_set_bit(cpu, cell->claimed, CELLHV_MAX_CPUS)
	{
		if (fatal_signal_pending(current))
			return -EINTR;

		ret = cpus_take(cpu, error);
		if (ret)
			return ret;
		__set_bit(cpu, cell->taken);
	}

	return 0;
}

static int cpus_give_back(unsigned int cpu)
{
	unsigned int tries = 0;
	int ret;

	while ((ret = add_cpu(cpu)) < 0 && ++tries < CPUS_TRIES)
		msleep(CPUS_PAUSE_MS);

	return ret;
}

int cpus_give_back_all(struct cell *cell, struct cellhv_error *error)
{
	unsigned int cpu, lost = CELLHV_MAX_CPUS;
	int ret;

	for_each_set_bit(cpu, cell->taken, CELLHV_MAX_CPUS)
	{
		roster_release_cpu(cell, cpu);
		ret = cpus_give_back(cpu);
		if (ret < 0) {
			pr_warn("CPU %u of cell %s does not come back online: %pe\n", cpu,
				cell->config->name, ERR_PTR(ret));
			lost = min(lost, cpu);
		}
		__clear_bit(cpu, cell->taken);
	}
	if (lost < CELLHV_MAX_CPUS)
		return refuse(error, -EIO, CELLHV_DRIVER_CHECK_CPU_LOST, lost);

	return 0;
}

/*
 * Runs on another CPU before the new one is woken: refused here, the owner notices nothing. Holds
 * the CPU hotplug lock, so it may take only the roster's spinlock. Not -EBUSY: recent kernels try
 * that again for most of a second.
 */
static int cpus_prepare(unsigned int cpu)
{
	char name[CELLHV_NAME_SIZE];

	if (roster_owns_cpu(cpu, name)) {
		pr_warn_ratelimited("CPU %u stays offline: it belongs to cell %s\n", cpu, name);
		return -EPERM;
	}

	if (!hypervisor_admits_cpu(cpu)) {
		pr_warn_ratelimited("CPU %u stays offline until the hypervisor is disabled: it was "
				    "offline when that was enabled\n",
				    cpu);
		return -EPERM;
	}

	return 0;
}

int cpus_init(void)
{
	int ret =
		cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "cellhv:owner", cpus_prepare, NULL);

	if (ret < 0)
		return ret;

	cpus_state = ret;
	return 0;
}

void cpus_exit(void)
{
	cpuhp_remove_state_nocalls(cpus_state);
}
