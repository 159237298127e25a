/* SPDX-License-Identifier: GPL-2.0-only */
/* Exits that both back ends have, answered the same way; they count themselves. */
#ifndef X86_EXITS_H
#define X86_EXITS_H

#include "arch/x86/cpu.h"

/* VMCALL or VMMCALL. */
void exit_hypercall(struct cpu *cpu);

/* #UD of a cell: the other vendor's hypercall instruction, or its own affair. */
void exit_undefined(struct cpu *cpu);

void exit_machine_check(struct cpu *cpu);

/* Instructions that no guest has: they raise what the processor would raise without the feature. */
void exit_inject_ud(struct cpu *cpu);
void exit_inject_gp(struct cpu *cpu);

/* INVD, WBINVD */
void exit_cache(struct cpu *cpu);

/* Triple fault. */
void exit_shutdown(struct cpu *cpu);

void exit_unknown(struct cpu *cpu, uint32_t code);

/* VM entry refuses the guest's state: `why` in words; detail: for the failure of a cell. */
void exit_refused(struct cpu *cpu, const char *why, uint64_t detail);

#endif
