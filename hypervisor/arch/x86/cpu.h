/* SPDX-License-Identifier: GPL-2.0-only */
/* What an x86 CPU has beside struct cpu: its guest's registers and what is emulated for it. */
#ifndef X86_CPU_H
#define X86_CPU_H

#include <cellhv/x86/launch.h>

#include "core/arch.h"
#include "core/cpu.h"

/* Guest registers by the processor's own numbers. */
enum register_number { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 };

struct arch_cpu {
	uint64_t regs[16];	   /* first, and up to launched: the assembly counts on it */
	struct cpu *cpu;	   /* whose part this is; GS base points at this structure */
	volatile bool nmi_arrived; /* taken by the IDT, not yet looked at */
	bool launched;		   /* the back end's context, since it was made */
	bool has_run;		   /* a guest, at least once */
	bool x2apic;		   /* mode of the APIC at the moment */
	bool needs_init;	   /* its APIC is dead until INIT; atomic, see renew.h */
	uint32_t apic_id;
	uint32_t icr_high;	 /* xAPIC guests write the interrupt command in two halves */
	uint32_t xapic_ldr;	 /* logical destination as the guest set it */
	uint32_t config_address; /* the cell's CF8 */
	uint32_t refusals;	 /* VM entries of its guest in a row */
	uint64_t mtrr_default;	 /* a cell's, emulated */
	uint64_t apic_mode;	 /* of APIC_BASE, as a PC's guest has set it */
	struct cellhv_frame frame;
	struct vcpu *vcpu;	/* the back end's part */
	uint64_t *window_entry; /* page table entry of the window to guest memory */
};

/* Signals of CPUs of one cell, as cpu_signal() has them. */
#define CPU_SIGNAL_INIT 0x01u /* wait for SIPI */
#define CPU_SIGNAL_SIPI 0x02u /* start at its vector, where waiting for it */
#define CPU_SIGNAL_NMI 0x04u
#define CPU_SIGNAL_VECTOR_SHIFT 8
#define CPU_SIGNAL_VECTOR (0xffu << CPU_SIGNAL_VECTOR_SHIFT) /* of the latest SIPI */

#endif
