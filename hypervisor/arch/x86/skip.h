/* SPDX-License-Identifier: GPL-2.0-only */
/* Past an instruction that exited, and that has been done for the guest. */
#ifndef X86_SKIP_H
#define X86_SKIP_H

#include "arch/x86/cpu.h"

/* As long as the processor says it is, else as its bytes say: prefixes count. */
void skip_instruction(struct cpu *cpu);

#endif
