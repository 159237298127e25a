/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way into the hypervisor and back: image, boot page tables, per-CPU entry. Nothing here locks;
 * hypervisor.c calls launch_load, _enter, _leave and _free with hypervisor_sem held for writing.
 */
#ifndef CELLHV_LAUNCH_H
#define CELLHV_LAUNCH_H

#include <cellhv/driver.h>

struct device;
struct launch; /* the hypervisor in memory */

/* CPU whose entry is made to fail, to test the roll-back; -1: none. */
extern int fail_entry_cpu;

/* Reads CELLHV_IMAGE_NAME as firmware of `dev` and prepares it; no CPU changes. */
int launch_load(struct device *dev, const struct cellhv_system_config *system,
		struct cellhv_error *error, struct launch **ret);

/* All online CPUs enter; on failure all are native again. */
int launch_enter(struct launch *launch, struct cellhv_error *error);

/* All CPUs, offline ones too, are native again; -EBUSY while cells exist. */
int launch_leave(struct launch *launch, struct cellhv_error *error);

/* Takes NULL. */
void launch_free(struct launch *launch);

/*
 * One management call on this CPU, preemption off. `call` is kmalloc'ed and does not cross a page.
 * Returns call->error.
 */
int launch_call(struct cellhv_call *call);

/* First byte of the hypervisor's CELLHV_MEMORY_SIZE. */
u64 launch_memory_phys(const struct launch *launch);

#endif
