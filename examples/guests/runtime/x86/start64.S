/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From flat 32-bit code to long mode, and the entry of interrupts there.
 */
#include "start.h"

#define PAGE_TABLE 0x63		/* present, writable, accessed, dirty */
#define PAGE_LARGE 0x80
#define PAGE_UNCACHED 0x18	/* PCD, PWT */
#define LARGE_PAGES 2048	/* of 2 MiB: 4 GiB */

	.text
	.code32
	.globl start_mode
start_mode:
	testl	%ebx, %ebx
	jnz	1f
	call	build_page_tables
1:	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$CR0_PG, %eax
	movl	%eax, %cr0
	ljmpl	$GDT_CODE64, $long_mode

/* Map 4 GiB one to one, the last GiB uncached, where most registers are: the rest is device_map()'s. */
build_page_tables:
	movl	$(pdpt + PAGE_TABLE), pml4
	movl	$(page_directories + PAGE_TABLE), %eax
	xorl	%ecx, %ecx
1:	movl	%eax, pdpt(, %ecx, 8)
	addl	$4096, %eax
	incl	%ecx
	cmpl	$4, %ecx
	jne	1b

	movl	$(PAGE_TABLE + PAGE_LARGE), %eax
	xorl	%ecx, %ecx
2:	cmpl	$(LARGE_PAGES / 4 * 3), %ecx
	jne	3f
	orl	$PAGE_UNCACHED, %eax
3:	movl	%eax, page_directories(, %ecx, 8)
	addl	$0x200000, %eax
	incl	%ecx
	cmpl	$LARGE_PAGES, %ecx
	jne	2b
	ret

	.code64
long_mode:
	xorl	%ebp, %ebp
	movl	%esp, %esp	/* the upper half is undefined so far */
	testl	%ebx, %ebx
	jnz	1f
	call	runtime_main
1:	call	smp_main

	/* One stub of 16 bytes for each vector, so that interrupts_init() can count them off. */
	.balign 16
	.globl	interrupt_stubs
interrupt_stubs:
	vector = 0
	.rept	INTERRUPT_VECTORS
	.balign 16
	.if	vector >= 32 || !((VECTORS_WITH_ERROR >> vector) & 1)
	pushq	$0
	.endif
	pushq	$vector
	jmp	interrupt_entry
	vector = vector + 1
	.endr

interrupt_entry:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	cld
	movq	%rsp, %rdi
	call	interrupts_dispatch
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq

	.bss
	.balign 4096
	.globl	pml4
pml4:
	.space	4096
pdpt:
	.space	4096
page_directories:
	.space	4 * 4096
