/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUID as a guest sees it. */
#ifndef X86_CPUID_H
#define X86_CPUID_H

#include "arch/x86/cpu.h"

void cpuid_exit(struct cpu *cpu);

#endif
