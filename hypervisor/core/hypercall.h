/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of guests: the root's management, a cell's guest interface. */
#ifndef CORE_HYPERCALL_H
#define CORE_HYPERCALL_H

#include "core/cpu.h"

/* Result for RAX; privileged: the caller is at CPL 0. */
uint64_t hypercall(struct cpu *cpu, bool privileged);

#endif
