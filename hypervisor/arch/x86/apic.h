/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC of this CPU: the same registers by MSR (x2APIC) or by memory (xAPIC). Registers
 * are named by their x2APIC number: MSR - 800h, or memory offset / 10h (AMD64 APM vol. 2, 16.3 and
 * 16.9; Intel SDM vol. 3, 11.4 and 11.12).
 */
#ifndef X86_APIC_H
#define X86_APIC_H

#include "arch/x86/cpu.h"

#define APIC_ID 0x02
#define APIC_VERSION 0x03
#define APIC_TPR 0x08
#define APIC_EOI 0x0b
#define APIC_LDR 0x0d
#define APIC_DFR 0x0e
#define APIC_SVR 0x0f
#define APIC_ISR 0x10
#define APIC_IRR 0x20
#define APIC_ESR 0x28
#define APIC_LVT_CMCI 0x2f
#define APIC_ICR 0x30
#define APIC_ICR_HIGH 0x31 /* memory only */
#define APIC_LVT_TIMER 0x32
#define APIC_LVT_THERMAL 0x33
#define APIC_LVT_PERF 0x34
#define APIC_LVT_LINT0 0x35
#define APIC_LVT_LINT1 0x36
#define APIC_LVT_ERROR 0x37
#define APIC_TIMER_INITIAL 0x38
#define APIC_TIMER_CURRENT 0x39
#define APIC_TIMER_DIVIDE 0x3e
#define APIC_SELF_IPI 0x3f
#define APIC_REGISTERS 0x40

#define APIC_BASE_BSP (1ull << 8)
#define APIC_BASE_EXTD (1ull << 10)
#define APIC_BASE_ENABLE (1ull << 11)

#define APIC_SVR_ENABLE (1u << 8)
#define APIC_LVT_MASKED (1u << 16)
#define APIC_DELIVERY_MASK (7u << 8)
#define APIC_DELIVERY_FIXED (0u << 8)
#define APIC_DELIVERY_LOWEST (1u << 8)
#define APIC_DELIVERY_NMI (4u << 8)
#define APIC_DELIVERY_INIT (5u << 8)
#define APIC_DELIVERY_STARTUP (6u << 8)
#define APIC_LOGICAL (1u << 11)
#define APIC_PENDING (1u << 12)
#define APIC_ASSERT (1u << 14)
#define APIC_SHORTHAND_SHIFT 18
#define APIC_ICR_RESERVED 0xfff32000u /* in x2APIC mode (Intel SDM vol. 3, figure 11-28) */

/* Values of our own: the APIC takes them. */
uint32_t apic_read(const struct cpu *self, unsigned reg);
void apic_write(const struct cpu *self, unsigned reg, uint32_t value);

/* Sends to one CPU by its APIC id. */
void apic_send(const struct cpu *self, uint32_t apic_id, uint32_t command);

/* The same with what a guest chose; false: the APIC refuses it, and so does the guest's. */
bool apic_write_safe(const struct cpu *self, unsigned reg, uint32_t value);
bool apic_send_safe(const struct cpu *self, uint32_t destination, uint32_t command);

/* The mode, id and logical id as the CPU enters. */
void apic_init(struct cpu *self);

/* Whether an interrupt of that vector is being handled. */
bool apic_in_service(const struct cpu *self, unsigned vector);

/* Nothing pending or in service, software-disabled; in x2APIC mode if `x2apic`. */
void apic_reset(struct cpu *self, bool x2apic);

/* kHz of the timer undivided, against the TSC; the timer is not in use. */
uint32_t apic_measure_khz(const struct cpu *self, uint32_t tsc_khz);

/*
 * A cell's register access, filtered. Reads: false: refused, the caller decides the penalty.
 * Writes: 0; -EPERM: likewise; -EINVAL: the APIC has no such bits.
 */
bool apic_guest_read(struct cpu *self, unsigned reg, uint32_t *value);
int apic_guest_write(struct cpu *self, unsigned reg, uint32_t value);

#endif
