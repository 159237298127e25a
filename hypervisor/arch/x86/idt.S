/* SPDX-License-Identifier: GPL-2.0-only */
	.section .note.GNU-stack, "", @progbits
	.text

/*
 * One stub per vector, 16 bytes apart. Whether there is an error code depends on what came, not on
 * the vector: an interrupt has none.
 */
	.balign	16
	.globl	idt_stubs
idt_stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	push	$vector
	jmp	idt_common
	.set	vector, vector + 1
	.endr

/* struct exception_frame, lowest address last */
	.balign	16
idt_common:
	/* The frame begins at a multiple of 16 (Intel SDM vol. 3, 6.14.2): so it has an error code. */
	test	$8, %spl
	jnz	1f
	push	(%rsp)
	movq	$0, 8(%rsp)
1:
	cld
	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, %rdi
	mov	%rsp, %rbp
	and	$-16, %rsp
	call	idt_handle
	mov	%rbp, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

/* void idt_open_window(void): at most one pending interrupt comes in, between the labels. */
	.globl	idt_open_window, idt_window_begin, idt_window_end
idt_open_window:
	sti
idt_window_begin:
	nop
	nop
idt_window_end:
	cli
	ret
