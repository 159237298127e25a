/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the start code and the parts of the runtime; not for guests.
 */
#ifndef INTERNAL_H
#define INTERNAL_H

#include <stdint.h>
#include "runtime.h"

_Noreturn void runtime_main(void); /* first CPU, from start_mode */
_Noreturn void smp_main(void);	   /* other CPUs, from start_mode */

/* start.S: the stack of the CPU being started, and APIC ids in the order of arrival. */
extern volatile uint32_t smp_stack;
extern volatile uint32_t smp_apic_ids[SMP_CPUS_MAX];

/* start64.S, start32.S: code of 16 bytes for each vector. */
extern const char interrupt_stubs[INTERRUPT_VECTORS][16];
void interrupts_dispatch(struct interrupt_frame *frame);

#endif
