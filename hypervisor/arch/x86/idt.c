/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/idt.h"

#include "arch/x86/apic.h"
#include "arch/x86/safe.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"
#include "core/panic.h"

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

#define STUB_SIZE 16
#define GATE_INTERRUPT 0x8e

extern const uint8_t idt_stubs[], idt_window_begin[], idt_window_end[];

static struct gate idt[256] __attribute__((aligned(16)));

void idt_init(void)
{
	for (unsigned vector = 0; vector < 256; vector++) {
		uint64_t stub = (uint64_t)(idt_stubs + vector * STUB_SIZE);

		idt[vector] = (struct gate){.offset_low = (uint16_t)stub,
					    .selector = SELECTOR_CODE,
					    .type = GATE_INTERRUPT,
					    .offset_middle = (uint16_t)(stub >> 16),
					    .offset_high = (uint32_t)(stub >> 32)};
	}
	idt[VECTOR_NMI].ist = IST_NMI;
	idt[VECTOR_DF].ist = IST_DOUBLE_FAULT;
	idt[VECTOR_MC].ist = IST_MACHINE_CHECK;
}

static void idt_fill_gdt(struct descriptor_tables *tables)
{
	uint64_t base = (uint64_t)&tables->tss;

	tables->gdt[SELECTOR_CODE / 8] = DESCRIPTOR_CODE;
	tables->gdt[SELECTOR_DATA / 8] = DESCRIPTOR_DATA;
	tables->gdt[SELECTOR_TSS / 8] = idt_tss_descriptor(base, sizeof(tables->tss) - 1);
	tables->gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
}

void idt_load(struct descriptor_tables *tables, const uint64_t ist[3], struct cpu *self)
{
	struct table_pointer gdt = {sizeof(tables->gdt) - 1, (uint64_t)tables->gdt};
	struct table_pointer pointer = {sizeof(idt) - 1, (uint64_t)idt};

	for (unsigned i = 0; i < 3; i++)
		tables->tss.ist[i] = ist[i];
	tables->tss.io_map = sizeof(tables->tss);
	idt_fill_gdt(tables);
	__asm__ volatile(
		"lgdt %0; ltr %w1; mov %2, %%ss; mov %2, %%ds; mov %2, %%es; mov %3, %%fs; "
		"mov %3, %%gs"
		:
		: "m"(gdt), "r"(SELECTOR_TSS), "r"(SELECTOR_DATA), "r"(0)
		: "memory");
	msr_write(MSR_GS_BASE, (uint64_t)self->arch);
	/* Last: from here on NMIs come to a handler that wants all of the above. */
	__asm__ volatile("lidt %0" : : "m"(pointer) : "memory");
}

void idt_take_interrupt(void)
{
	vcpu_ops->allow_interrupt();
}

/*
 * Nothing in the window raises an exception, so what comes there is an interrupt, whatever its
 * vector. A machine check may come anywhere; an interrupt of its vector is in service.
 */
static bool idt_is_interrupt(const struct exception_frame *frame)
{
	return frame->rip >= (uint64_t)idt_window_begin && frame->rip <= (uint64_t)idt_window_end &&
	       (frame->vector != VECTOR_MC || apic_in_service(arch_self(), VECTOR_MC));
}

/* The window closes behind it: a storm of interrupts does not keep this CPU here. */
static void idt_finish_interrupt(struct exception_frame *frame)
{
	apic_write(arch_self(), APIC_EOI, 0);
	frame->rip = (uint64_t)idt_window_end;
	frame->rflags &= ~RFLAGS_IF;
}

static void idt_fatal(const struct exception_frame *frame)
{
	panic("exception %llu, error %llx at %llx, cr2 %llx, rsp %llx, rax %llx rdi %llx rsi %llx",
	      (unsigned long long)frame->vector, (unsigned long long)frame->error,
	      (unsigned long long)frame->rip, (unsigned long long)cr2_read(),
	      (unsigned long long)frame->rsp, (unsigned long long)frame->rax,
	      (unsigned long long)frame->rdi, (unsigned long long)frame->rsi);
}

void idt_handle(struct exception_frame *frame)
{
	uint64_t fixup;

	if (frame->vector == VECTOR_NMI) {
		/* The exit that let it in looks at what it was for; a halted CPU has to wake. */
		vcpu_ops->nmi_arrived(&frame->rip);
		return;
	}
	if (idt_is_interrupt(frame)) {
		idt_finish_interrupt(frame);
		return;
	}
	fixup = safe_fixup(frame->vector, frame->rip);
	if (fixup) {
		frame->rip = fixup;
		return;
	}
	idt_fatal(frame);
}
