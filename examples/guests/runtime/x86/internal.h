/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the start code and x86's parts of the runtime; not for guests.
 */
#ifndef X86_INTERNAL_H
#define X86_INTERNAL_H

#include "../internal.h"
#include "x86.h"

_Noreturn void smp_main(void); /* other CPUs, from start_mode */

/* start.S: the stack of the CPU being started, and APIC ids in the order of arrival. */
extern volatile uint32_t smp_stack;
extern volatile uint32_t smp_apic_ids[SMP_CPUS_MAX];

/* start64.S: the page tables of all CPUs. */
extern uint64_t pml4[];

/* start64.S, start32.S: code of 16 bytes for each vector. */
extern const char interrupt_stubs[INTERRUPT_VECTORS][16];
void interrupts_dispatch(struct interrupt_frame *frame);
void interrupts_load(void); /* on each CPU */

#endif
