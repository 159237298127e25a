/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest's own view of its memory, for decoding the instruction it trapped at. */
#ifndef X86_GUEST_MEMORY_H
#define X86_GUEST_MEMORY_H

#include "arch/x86/vcpu.h"
#include <stddef.h>

/*
 * Copies up to `size` bytes of code at the guest's instruction pointer; returns how many could be
 * had. Guest page tables and code count only where the guest owns the memory.
 */
size_t guest_fetch(struct cpu *cpu, const struct vcpu_state *state, uint64_t linear,
		   uint8_t *buffer, size_t size);

/* From RAM of the guest's, within a page. false: there is none. */
bool guest_read(struct cpu *cpu, uint64_t guest, void *buffer, size_t size);

#endif
