/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the runtime has of x86 alone: instructions that C has no words for, the local APIC, its
 * clocks, and what an interrupt leaves on the stack.
 */
#ifndef X86_H
#define X86_H

#include "../runtime.h"

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void outb(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outw(uint16_t port, uint16_t value)
{
	asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outl(uint16_t port, uint32_t value)
{
	asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	asm volatile("wrmsr"
		     :
		     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		     : "memory");
}

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid r;

	asm volatile("cpuid"
		     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
		     : "a"(leaf), "c"(0));
	return r;
}

/* read_cr2(), write_cr2() and so on */
#define CONTROL_REGISTER(name)                                              \
	static inline unsigned long read_##name(void)                       \
	{                                                                   \
		unsigned long value;                                        \
                                                                            \
		asm volatile("mov %%" #name ", %0" : "=r"(value));          \
		return value;                                               \
	}                                                                   \
	static inline void write_##name(unsigned long value)                \
	{                                                                   \
		asm volatile("mov %0, %%" #name : : "r"(value) : "memory"); \
	}
CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)

/* As interrupt_entry in start64.S and start32.S leaves it on the stack. */
struct interrupt_frame {
#ifdef __x86_64__
	unsigned long r11, r10, r9, r8, di, si, dx, cx, ax;
#else
	unsigned long dx, cx, ax;
#endif
	unsigned long vector;
	unsigned long error; /* 0 where the exception has none */
	unsigned long ip, cs, flags;
};

/* ---- local APIC, by its x2APIC registers ---- */

void apic_enable(void);
uint32_t apic_id(void);
void apic_eoi(void);

/* Route the timer of this CPU to `vector`; it fires once per apic_timer_arm(). */
void apic_timer_one_shot(unsigned int vector);
void apic_timer_arm(uint32_t ticks); /* timer clocks from now, at least 1 */

/* The timer of this CPU fires every `ticks` timer clocks from now on. */
void apic_timer_periodic(unsigned int vector, uint32_t ticks);
void apic_timer_stop(void);

void apic_send_ipi(uint32_t apic_id, unsigned int vector);
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, unsigned int page); /* real-mode entry at page << 12 */

/* ---- clocks ---- */

/* Frequencies in kHz: what the comm region says, else measured against the PM timer. */
extern uint32_t tsc_khz;
extern uint32_t apic_khz; /* of the APIC timer with a divider of 1 */

uint32_t tsc_to_apic(uint64_t tsc); /* timer clocks; saturates, never 0 */

/* ---- the other CPUs of the cell ---- */

uint32_t smp_apic_id(unsigned int cpu);

#endif
