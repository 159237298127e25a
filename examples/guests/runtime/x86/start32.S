/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flat 32-bit code without paging, and the entry of interrupts there.
 */
#include "start.h"

	.text
	.code32
	.globl start_mode
start_mode:
	xorl	%ebp, %ebp
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
	pushl	$0
	.endif
	pushl	$vector
	jmp	interrupt_entry
	vector = vector + 1
	.endr

interrupt_entry:
	pushl	%eax
	pushl	%ecx
	pushl	%edx
	cld
	pushl	%esp
	call	interrupts_dispatch
	addl	$4, %esp
	popl	%edx
	popl	%ecx
	popl	%eax
	addl	$8, %esp
	iretl
