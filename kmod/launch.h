/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor image in memory, and the way of all CPUs into it and back. */
#ifndef CELLHV_KMOD_LAUNCH_H
#define CELLHV_KMOD_LAUNCH_H

#include <linux/device.h>
#include <cellhv/driver.h>
#include <cellhv/launch.h>

struct launch;

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

/* switch.S */
int switch_enter(u64 hypervisor_cr3, void *entry, struct cellhv_native *native);
extern char switch_leave[], switch_nmi[];
extern struct cellhv_switch switch_data;

#endif
