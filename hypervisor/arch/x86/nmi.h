/* SPDX-License-Identifier: GPL-2.0-only */
/* NMIs: kicks of other CPUs, and the machine's own, which are the root's. */
#ifndef X86_NMI_H
#define X86_NMI_H

#include "arch/x86/cpu.h"

/* Before each return to the guest: what the NMIs taken in the hypervisor were for. */
void nmi_handle_arrived(struct cpu *cpu);

#endif
