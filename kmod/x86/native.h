/* SPDX-License-Identifier: GPL-2.0-only */
/* What this CPU is as Linux runs it: fit for the hypervisor? in which state? */
#ifndef CELLHV_KMOD_NATIVE_H
#define CELLHV_KMOD_NATIVE_H

#include <cellhv/driver.h>
#include <cellhv/x86/launch.h>

/* 0, or the enum cellhv_driver_check that keeps this CPU out. */
u32 native_check(void);

/* Segments, tables and control registers, as late as possible before the switch. */
void native_capture(struct cellhv_native *native, u32 cpu);

/*
 * Says in the registers where KVM looks that this CPU's virtualisation is in use, or is no more:
 * EFER.SVME, which the processor also wants set, or Linux's own copy of CR4 and CR4.VMXE, where the
 * kernel lets a module change it.
 */
void native_claim(bool claim);

/* VMMCALL or VMCALL; returns RAX. */
unsigned long native_hypercall(unsigned long code, u64 argument);

#endif
