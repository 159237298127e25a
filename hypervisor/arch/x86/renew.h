/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Some processors do not enable their local APIC again once it was disabled, but by INIT (Intel SDM
 * vol. 3, 11.4.3), and disabling is the only way out of x2APIC mode (11.12.5). A CPU in that state
 * ends virtualisation and waits; another sends it INIT and SIPI, and it comes back through two
 * pages of low memory, whose contents are kept, and which tables of its own map. It never runs
 * anything else on the way.
 */
#ifndef X86_RENEW_H
#define X86_RENEW_H

/* The pages: RAM on every PC, beside what firmware keeps there; Linux leaves the first MiB alone.
 */
#define RENEW_PAGE 0x8000
#define RENEW_TABLE (RENEW_PAGE + 0x1000)

/* struct renew_parameters, in the first of them. */
#define RENEW_PARAMETERS 0x800
#define RENEW_GDTR 0
#define RENEW_CR0 8
#define RENEW_CR4 12
#define RENEW_EFER 16
#define RENEW_CR3 24
#define RENEW_STACK 32
#define RENEW_CPU 40
#define RENEW_ENTRY 48
#define RENEW_FAR 56
#define RENEW_GDT 64

#ifndef __ASSEMBLER__
#include "arch/x86/cpu.h"

/* This CPU's APIC stays disabled: wait for renew_cpu(). */
_Noreturn void renew_wait(struct cpu *self);

/* On another CPU: brings it back, in xAPIC mode, to serve its requests. */
void renew_cpu(struct cpu *target);
#endif

#endif
