/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/guest_registers.inc"
#include "arch/x86/vmx/vmx.h"

	.section .note.GNU-stack, "", @progbits
	.text

#define VMCS_HOST_RSP 0x6c14

/*
 * noreturn void vmx_run(struct arch_cpu *arch)
 *
 * Guest registers are at the start of struct arch_cpu, by number; the VMCS has the others. NMIs are not
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
	guest_registers_load
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
	guest_registers_save
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
