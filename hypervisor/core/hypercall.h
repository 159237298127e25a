/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of guests: the root's management, a cell's guest interface. */
#ifndef CORE_HYPERCALL_H
#define CORE_HYPERCALL_H

#include "core/cpu.h"

/* As the guest asked, in the architecture's registers. */
struct hypercall {
	uint32_t code;
	bool privileged; /* the caller is its kernel */
	uint64_t arguments[2];
};

/* Returns the guest's result; not at all where the CPU goes native. */
uint32_t hypercall(struct cpu *cpu, const struct hypercall *call);

#endif
