/* SPDX-License-Identifier: GPL-2.0-only */
/* What this CPU is as Linux runs it: fit for the hypervisor? in which state? */
#ifndef CELLHV_KMOD_NATIVE_H
#define CELLHV_KMOD_NATIVE_H

#include <cellhv/driver.h>
#include <cellhv/launch.h>

/* 0, or the enum cellhv_driver_check that keeps this CPU out. */
u32 native_check(void);

/* Segments, tables and control registers, as late as possible before the switch. */
void native_capture(struct cellhv_native *native, u32 cpu);

void native_enable_svm(bool enable);

#endif
