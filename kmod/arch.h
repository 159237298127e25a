/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that the module asks of an architecture, which is in the folder of that name: the hypervisor
 * image in memory, and the way of all CPUs into it and back. Nothing outside of that folder
 * includes a header of it.
 */
#ifndef CELLHV_KMOD_ARCH_H
#define CELLHV_KMOD_ARCH_H

#include <linux/device.h>
#include <cellhv/driver.h>
#include <cellhv/launch.h>

struct launch;

/* The one of the configurations that this hypervisor takes: CELLHV_ARCH_... */
extern const u16 launch_architecture;

/* Reads the image and puts it into memory of its own; no CPU is touched. */
int launch_load(struct device *dev, const struct cellhv_system_config *system,
		struct cellhv_error *error, struct launch **ret);

/* All online CPUs enter, one after another; where one cannot, all are native again. */
int launch_enter(struct launch *launch, struct cellhv_error *error);

/* All CPUs, offline ones too, go native again. -EBUSY: cells exist. */
int launch_leave(struct launch *launch, struct cellhv_error *error);

/* Only while no CPU is in; takes NULL. */
void launch_free(struct launch *launch);

/* Whether this Linux CPU runs under the hypervisor. */
bool launch_has_cpu(const struct launch *launch, unsigned int cpu);
u64 launch_memory_phys(const struct launch *launch);

/* One management call from this CPU; `call` does not cross a page. Returns call->error. */
int launch_call(struct cellhv_call *call);

#endif
