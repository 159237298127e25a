/* SPDX-License-Identifier: BSD-2-Clause */
#include "internal.h"
#include "start.h"

#define GATE_PRESENT_INTERRUPT                                             \
	0x8e /* interrupts off on entry; AMD64 APM vol. 2, 4.7.4 and 4.8.4 \
	      */

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset_middle;
#ifdef __x86_64__
	uint32_t offset_high;
	uint32_t reserved;
#endif
};

struct idt_pointer {
	uint16_t limit;
	uintptr_t base;
} __attribute__((packed));

static struct gate idt[INTERRUPT_VECTORS];
static interrupt_handler handlers[INTERRUPT_VECTORS];

static void set_gate(unsigned int vector)
{
	uintptr_t offset = (uintptr_t)interrupt_stubs[vector];

	idt[vector] = (struct gate){
#ifdef __x86_64__
		.selector = GDT_CODE64,
#else
		.selector = GDT_CODE32,
#endif
		.offset_low = (uint16_t)offset,
		.offset_middle = (uint16_t)(offset >> 16),
		.type = GATE_PRESENT_INTERRUPT,
	};
}

/* Not to be acknowledged (AMD64 APM vol. 2, 16.4.7). */
static void ignore_spurious(struct interrupt_frame *frame)
{
	(void)frame;
}

void interrupts_init(void)
{
	for (unsigned int vector = 0; vector < INTERRUPT_VECTORS; vector++)
		set_gate(vector);
	interrupts_set_handler(VECTOR_SPURIOUS, ignore_spurious);
	interrupts_load();
}

void interrupts_load(void)
{
	const struct idt_pointer pointer = {sizeof(idt) - 1, (uintptr_t)idt};

	asm volatile("lidt %0" : : "m"(pointer));
}

void interrupts_set_handler(unsigned int vector, interrupt_handler handler)
{
	handlers[vector] = handler;
}

void interrupts_dispatch(struct interrupt_frame *frame)
{
	if (handlers[frame->vector]) {
		handlers[frame->vector](frame);
		return;
	}

	printk("Unexpected %s %lu at %lx, error %lx, CR2 %lx\n",
	       frame->vector < 32 ? "exception" : "interrupt", frame->vector, frame->ip,
	       frame->error, read_cr2());
	comm_finish(CELLHV_COMM_FAILED);
}
