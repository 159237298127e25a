/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hypercalls of virtual-8086 code, for a 32-bit guest. HLT takes it back: a #GP there, whose gate
 * leads to v86_back, as the segments are gone.
 */
#include "runtime/x86/x86.h"

#define CALLS 16
#define VECTOR_GP 13
#define TASK 0x20

extern const char v86_code[], v86_back[];
uint32_t v86_results[2 * CALLS] __attribute__((section(".data")));
uint32_t v86_stack __attribute__((section(".data")));

static uint32_t task[26] __attribute__((aligned(16)));
static uint8_t trap_stack[4096] __attribute__((aligned(16)));
static uint64_t gdt[5] = {0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff};

struct table_pointer {
	uint16_t limit;
	uint32_t base;
} __attribute__((packed));

/* EBX counts; both calls, with garbage in the arguments. */
asm("	.text\n"
    "	.code16\n"
    "v86_code:\n"
    "	xorl	%ebx, %ebx\n"
    "1:	movl	%ebx, %eax\n"
    "	movl	$0xdeadbeef, %edi\n"
    "	vmmcall\n"
    "	movl	%eax, v86_results(, %ebx, 8)\n"
    "	movl	%ebx, %eax\n"
    "	vmcall\n"
    "	movl	%eax, v86_results + 4(, %ebx, 8)\n"
    "	incl	%ebx\n"
    "	cmpl	$16, %ebx\n"
    "	jb	1b\n"
    "	hlt\n"
    "	.code32\n"
    "v86_back:\n"
    "	movl	$0x10, %eax\n"
    "	movl	%eax, %ds\n"
    "	movl	%eax, %es\n"
    "	movl	v86_stack, %esp\n"
    "	popal\n"
    "	ret\n"
    "v86_run:\n"
    "	pushal\n"
    "	movl	%esp, v86_stack\n"
    "	pushl	$0\n" /* GS, FS, DS, ES */
    "	pushl	$0\n"
    "	pushl	$0\n"
    "	pushl	$0\n"
    "	pushl	$0\n"	   /* SS */
    "	pushl	$0xfff0\n" /* SP: it pushes nothing */
    "	pushl	$0x20002\n"
    "	pushl	$0\n"
    "	pushl	$v86_code\n"
    "	iretl\n");
void v86_run(void);

static void load_tables(void)
{
	struct table_pointer pointer = {sizeof(gdt) - 1, (uint32_t)gdt}, idt;
	volatile uint16_t *gate;
	uint32_t base = (uint32_t)task, target = (uint32_t)v86_back;

	task[1] = (uint32_t)trap_stack + sizeof(trap_stack);
	task[2] = 0x10;
	task[25] = sizeof(task) << 16;
	gdt[TASK / 8] = (sizeof(task) - 1) | (uint64_t)(base & 0xffffff) << 16 | 0x89ull << 40 |
			(uint64_t)(base >> 24) << 56;
	asm volatile("lgdt %1; ltr %w2; sidt %0" : "=m"(idt) : "m"(pointer), "r"(TASK) : "memory");
	gate = (volatile uint16_t *)(idt.base + VECTOR_GP * 8);
	gate[0] = (uint16_t)target;
	gate[3] = (uint16_t)(target >> 16);
}

void guest_main(void)
{
	unsigned int denied = 0;

	load_tables();
	v86_run();
	for (unsigned int i = 0; i < 2 * CALLS; i++)
		denied += v86_results[i] == UINT32_MAX;
	printk("%s attack: virtual-8086 calls denied: %u\n", denied == 2 * CALLS ? "ok" : "not ok",
	       denied);
}
