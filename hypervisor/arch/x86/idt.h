/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor's own descriptor tables and what arrives through them. */
#ifndef X86_IDT_H
#define X86_IDT_H

#include "arch/x86/cpu.h"

/* Linux's selectors for code and stack, kept so that leaving needs no reload of CS. */
#define SELECTOR_CODE 0x10
#define SELECTOR_DATA 0x18
#define SELECTOR_TSS 0x20

/* Their descriptors: 64-bit code, data. */
#define DESCRIPTOR_CODE 0x00af9b000000ffffull
#define DESCRIPTOR_DATA 0x00cf93000000ffffull

/* Interrupt stack table entries. */
#define IST_NMI 1
#define IST_DOUBLE_FAULT 2
#define IST_MACHINE_CHECK 3

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map;
} __attribute__((packed));

struct descriptor_tables {
	uint64_t gdt[6];
	struct tss tss;
};

/* What idt.S makes of whatever arrives, the same for all; what it goes back to may be changed. */
struct exception_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

void idt_handle(struct exception_frame *frame);

static inline uint64_t idt_tss_base(uint64_t gdt)
{
	return gdt + __builtin_offsetof(struct descriptor_tables, tss);
}

/* Fills in the table all CPUs share. */
void idt_init(void);

/* Loads GDT, TSS, IDT and GS base of this CPU; ist: stack tops. */
void idt_load(struct descriptor_tables *tables, const uint64_t ist[3], struct cpu *self);

/* A free 64-bit TSS of these bounds: the first half of its descriptor; the other: base >> 32. */
static inline uint64_t idt_tss_descriptor(uint64_t base, uint64_t limit)
{
	return limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base & 0xff000000) << 32;
}

/*
 * Lets one pending external interrupt in, which is acknowledged and forgotten. Nowhere else does
 * the hypervisor take any: its interrupt flag is clear.
 */
void idt_take_interrupt(void);

/* The same with no more around it: for the back ends. */
void idt_open_window(void);

#endif
