/* SPDX-License-Identifier: GPL-2.0-only */
/* The one way to guest memory: a page of address space per CPU, mapped as long as it is needed. */
#ifndef X86_WINDOW_H
#define X86_WINDOW_H

#include "core/cpu.h"
#include <stddef.h>

/* Room for the window of this CPU in the page tables. -ENOMEM */
int window_init(struct cpu *cpu);

/* phys: any address below machine.phys_limit; the pointer is good until the next call. */
void *window_map(struct cpu *cpu, uint64_t phys);
void window_unmap(struct cpu *cpu);

/* Any size; the caller has checked who owns the range. */
void window_copy_from(struct cpu *cpu, void *destination, uint64_t phys, size_t size);
void window_copy_to(struct cpu *cpu, uint64_t phys, const void *source, size_t size);

#endif
