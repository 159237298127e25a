/* SPDX-License-Identifier: GPL-2.0-only */
/* A CPU's way in from Linux, and the last step of its way out. */
#ifndef X86_ENTRY_H
#define X86_ENTRY_H

#include "arch/x86/cpu.h"

/* Filled in by the module before each entry. */
extern struct cellhv_boot boot;

/* Called by entry.S, in this order. */
int entry_cpu(void);
uint64_t cpu_stack(void);
_Noreturn void cpu_run(void);
_Noreturn void entry_failed(int error);

/* Called by renew.S on the CPU's stack: it goes on as a parked CPU. */
_Noreturn void entry_renewed(struct cpu *cpu);

/* Top of a CPU's stack. */
uint64_t entry_stack(uint32_t number);

/* Into the module's leave routine; frame: Linux's address. */
_Noreturn void leave_jump(uint64_t frame, uint64_t cr4, uint64_t cr3, uint64_t leave);

#endif
