/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hypercalls and faults of unprivileged and of 16-bit code. */
#include "attack.h"

#define VECTOR_BACK 48
#define GATE_USER 0x60
#define PAGE_USER 0x4ull
#define PAGE_LARGE 0x80ull
#define ADDRESS 0xffffffffff000ull
#define FLAGS_AC 0x40000ul
#define CR0_AM 0x40000ul
#define VECTOR_AC 17
#define CALLS 16
#define UNIQUE 0xdeadbeef00000000ull

enum { DATA = 0x10, CODE64 = 0x18, USER_DATA = 0x23, USER_CODE = 0x2b, CODE16 = 0x30, TASK = 0x38 };

static uint64_t gdt[9] __attribute__((aligned(8))) = {
	0,
	0x00cf9b000000ffff,
	0x00cf93000000ffff,
	0x00af9b000000ffff,
	0x00cff3000000ffff,
	0x00affb000000ffff,
	0x00009b000000ffff, /* 16 bits, 64 KiB */
};
static uint8_t task[104] __attribute__((aligned(16)));
static uint8_t user_stack[4096] __attribute__((aligned(16)));
static uint8_t trap_stack[4096] __attribute__((aligned(16)));
static volatile uint64_t results[2 * CALLS];
volatile unsigned long user_back, user_back_stack;

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static void load_tables(void)
{
	struct table_pointer pointer = {sizeof(gdt) - 1, (uintptr_t)gdt}, idt;
	uint64_t base = (uintptr_t)task, top = (uintptr_t)trap_stack + sizeof(trap_stack);

	__builtin_memcpy(task + 4, &top, sizeof(top));
	gdt[TASK / 8] = (sizeof(task) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
			(base >> 24 & 0xff) << 56;
	gdt[TASK / 8 + 1] = base >> 32;
	asm volatile("lgdt %1; ltr %w2; sidt %0" : "=m"(idt) : "m"(pointer), "r"(TASK) : "memory");
	((volatile uint8_t *)idt.base)[VECTOR_BACK * 16 + 5] |= GATE_USER;
}

/* All pages become the user's as well. */
static void open_pages(void)
{
	volatile uint64_t *pml4 = (volatile uint64_t *)read_cr3(), *pdpt, *directory;

	pml4[0] |= PAGE_USER;
	pdpt = (volatile uint64_t *)(pml4[0] & ADDRESS);
	for (unsigned int i = 0; i < 4; i++) {
		pdpt[i] |= PAGE_USER;
		directory = (volatile uint64_t *)(pdpt[i] & ADDRESS);
		for (unsigned int k = 0; k < 512; k++)
			directory[k] |= PAGE_USER;
	}
	write_cr3(read_cr3());
}

/* From user code back to where run_as_user() waits. */
static void on_back(struct interrupt_frame *frame)
{
	unsigned long *stack = &frame->flags + 1;

	frame->ip = user_back;
	frame->cs = CODE64;
	frame->flags = 2;
	stack[0] = user_back_stack;
	stack[1] = DATA;
}

static void __attribute__((noinline)) run_as_user(void (*function)(void))
{
	unsigned long stack = (uintptr_t)user_stack + sizeof(user_stack) - 8;

	asm volatile("movq $1f, user_back\n\t"
		     "pushq %%rbp; pushq %%rbx; movq %%rsp, user_back_stack\n\t"
		     "pushq %2; pushq %0; pushq $2; pushq %3; pushq %1; iretq\n"
		     "1:\tpopq %%rbx; popq %%rbp"
		     : "+a"(stack), "+c"(function)
		     : "i"(USER_DATA), "i"(USER_CODE)
		     : "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
		       "memory", "cc");
}

static void user_calls(void)
{
	for (uint64_t i = 0; i < CALLS; i++) {
		uint64_t rax = UNIQUE | i;

		asm volatile("vmmcall" : "+a"(rax) : "D"(UNIQUE | i), "S"(~0ull) : "memory");
		results[i] = rax;
		rax = UNIQUE | i;
		asm volatile("vmcall" : "+a"(rax) : "D"(UNIQUE | i), "S"(~0ull) : "memory");
		results[CALLS + i] = rax;
	}
	asm volatile("int %0" : : "i"(VECTOR_BACK));
}

static volatile unsigned int alignment_checks;

/* The instruction goes on without the check. */
static void on_alignment_check(struct interrupt_frame *frame)
{
	alignment_checks++;
	frame->flags &= ~FLAGS_AC;
}

static void user_misaligned(void)
{
	for (unsigned int i = 0; i < 200; i++) {
		asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(FLAGS_AC) : "memory", "cc");
		(void)*(volatile uint32_t *)(user_stack + 1);
	}
	asm volatile("int %0" : : "i"(VECTOR_BACK));
}

void attack_user(void)
{
	load_tables();
	open_pages();
	interrupts_set_handler(VECTOR_BACK, on_back);
	run_as_user(user_calls);
	for (unsigned int i = 0; i < COUNT(results); i++)
		if (results[i] != 0xffffffff)
			verdict(false, "a user's hypercall", results[i]);
	interrupts_set_handler(VECTOR_AC, on_alignment_check);
	write_cr0(read_cr0() | CR0_AM);
	run_as_user(user_misaligned);
	verdict(true, "alignment checks", alignment_checks);
}

/* With operands of 16 bits; what is above them is the 64-bit code's. */
static uint64_t call_in_sixteen_bits(uint64_t rax, uint64_t rdi, uint64_t rsi)
{
	asm volatile("pushq %1; pushq $2f; lretq\n\t"
		     ".code16\n"
		     "2:\tvmmcall; vmcall; nop; ljmpl %2, $3f\n\t"
		     ".code64\n"
		     "3:"
		     : "+a"(rax)
		     : "i"(CODE16), "i"(CODE64), "D"(rdi), "S"(rsi)
		     : "memory");
	return rax;
}

void attack_sixteen_bits(void)
{
	uint64_t result;

	load_tables();
	for (uint64_t code = 0; code < CALLS; code++) {
		if (code == CELLHV_HC_CONSOLE_PUTC)
			continue;
		result = call_in_sixteen_bits(UNIQUE | code, scatter(), scatter());
		if (result >> 32)
			verdict(false, "a result above 32 bits", result);
	}
	verdict(true, "alive", 0);
}
