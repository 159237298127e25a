/* SPDX-License-Identifier: GPL-2.0-only */
/* The one way to guest memory: a page of address space per CPU, mapped as long as it is needed
 * (arch_window_map). */
#ifndef X86_WINDOW_H
#define X86_WINDOW_H

#include "arch/x86/cpu.h"

/* Room for the window of this CPU in the page tables. -ENOMEM */
int window_init(struct cpu *cpu);

#endif
