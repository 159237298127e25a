/* SPDX-License-Identifier: GPL-2.0-only */
/* Accesses to guest physical addresses that the nested page tables do not let through. */
#ifndef X86_MMIO_H
#define X86_MMIO_H

#include "arch/x86/cpu.h"

/* How the access failed; the same values as in a failure's detail. */
#define MMIO_READ 1u
#define MMIO_WRITE 2u
#define MMIO_FETCH 4u

void mmio_exit(struct cpu *cpu, uint64_t guest, uint32_t access);

#endif
