/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/guest_registers.inc"

	.section .note.GNU-stack, "", @progbits
	.text

/*
 * noreturn void svm_run(struct arch_cpu *arch, uint64_t vmcb_phys, uint64_t host_phys)
 *
 * Guest registers are at the start of struct arch_cpu, by number. VMRUN exchanges RAX, RSP, RIP, RFLAGS
 * and the control registers; VMLOAD and VMSAVE the rest that the hypervisor has its own of: FS, GS,
 * TR, LDTR and the system call MSRs (AMD64 APM vol. 2, 15.5.1 and 15.5.2).
 */
	.globl	svm_run
svm_run:
	push	%rdx			/* 16(%rsp) */
	push	%rsi			/*  8(%rsp) */
	push	%rdi			/*   (%rsp) */
	sub	$8, %rsp		/* keeps calls aligned */
1:
	mov	8(%rsp), %rdi
	mov	16(%rsp), %rax
	guest_registers_load
	mov	7*8(%rdi), %rdi
	vmload	%rax
	vmrun	%rax
	vmsave	%rax
	mov	%rdi, (%rsp)
	mov	8(%rsp), %rdi
	guest_registers_save
	mov	(%rsp), %rax
	mov	%rax, 7*8(%rdi)
	mov	24(%rsp), %rax
	vmload	%rax
	call	svm_exit
	jmp	1b

/* void svm_wait(void): an NMI that comes in between finds the halt and is sent behind it. */
	.globl	svm_wait, svm_wait_halt, svm_wait_end
svm_wait:
	stgi
svm_wait_halt:
	hlt
svm_wait_end:
	clgi
	ret
