/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/vmx/vmx.h"

	.section .note.GNU-stack, "", @progbits
	.text

#define VMCS_HOST_RSP 0x6c14

/*
 * noreturn void vmx_run(struct cpu *cpu)
 *
 * Guest registers are at the start of struct cpu, by number; the VMCS has the others. NMIs are not
 * held here: one between the test and the entry is sent back by its handler, so that none is
 * overlooked while the guest runs (vmx_nmi_arrived).
 */
	.globl	vmx_run, vmx_exit_entry, vmx_enter_begin, vmx_enter_end, vmx_enter_again
vmx_run:
	push	%rdi
	mov	$VMCS_HOST_RSP, %eax
	vmwrite	%rsp, %rax
1:
	mov	(%rsp), %rdi
	mov	0*8(%rdi), %rax
	mov	1*8(%rdi), %rcx
	mov	2*8(%rdi), %rdx
	mov	3*8(%rdi), %rbx
	mov	5*8(%rdi), %rbp
	mov	6*8(%rdi), %rsi
	mov	8*8(%rdi), %r8
	mov	9*8(%rdi), %r9
	mov	10*8(%rdi), %r10
	mov	11*8(%rdi), %r11
	mov	12*8(%rdi), %r12
	mov	13*8(%rdi), %r13
	mov	14*8(%rdi), %r14
	mov	15*8(%rdi), %r15
	mov	7*8(%rdi), %rdi
vmx_enter_begin:
	cmpb	$0, %gs:CPU_NMI_ARRIVED
	jne	vmx_enter_again
	cmpb	$0, %gs:CPU_LAUNCHED
	je	2f
	vmresume
	jmp	vmx_enter_end
2:
	vmlaunch
vmx_enter_end:
	mov	(%rsp), %rdi
	call	vmx_entry_failed
	jmp	1b
vmx_enter_again:
	mov	(%rsp), %rdi
	call	vmx_recheck
	jmp	1b

vmx_exit_entry:
	push	%rdi
	mov	8(%rsp), %rdi
	mov	%rax, 0*8(%rdi)
	mov	%rcx, 1*8(%rdi)
	mov	%rdx, 2*8(%rdi)
	mov	%rbx, 3*8(%rdi)
	mov	%rbp, 5*8(%rdi)
	mov	%rsi, 6*8(%rdi)
	mov	%r8, 8*8(%rdi)
	mov	%r9, 9*8(%rdi)
	mov	%r10, 10*8(%rdi)
	mov	%r11, 11*8(%rdi)
	mov	%r12, 12*8(%rdi)
	mov	%r13, 13*8(%rdi)
	mov	%r14, 14*8(%rdi)
	mov	%r15, 15*8(%rdi)
	pop	%rax
	mov	%rax, 7*8(%rdi)
	call	vmx_exit
	jmp	1b

/* void vmx_wait(void): until an NMI has arrived; one in between is sent behind the halt. */
	.globl	vmx_wait, vmx_wait_begin, vmx_wait_end
vmx_wait:
vmx_wait_begin:
	cmpb	$0, %gs:CPU_NMI_ARRIVED
	jne	vmx_wait_end
	hlt
vmx_wait_end:
	ret
