/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/renew.h"

	.section .note.GNU-stack, "", @progbits
	.section .rodata

#define PARAMETER(name) RENEW_PARAMETERS + RENEW_ ## name
#define SELECTOR_CODE 0x10
#define SELECTOR_DATA 0x18

/* Copied to RENEW_PAGE, where a SIPI starts it in real mode with CS:IP at the start of the page. */
	.globl	renew_start, renew_end
	.code16
renew_start:
	cli
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	PARAMETER(GDTR)
	mov	PARAMETER(CR4), %eax
	mov	%eax, %cr4
	mov	$RENEW_TABLE, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	mov	PARAMETER(EFER), %eax
	mov	PARAMETER(EFER) + 4, %edx
	wrmsr
	mov	PARAMETER(CR0), %eax
	mov	%eax, %cr0
	ljmpl	*PARAMETER(FAR)

	.code64
	.globl	renew_long
renew_long:
	mov	$SELECTOR_DATA, %eax
	mov	%eax, %ss
	mov	%eax, %ds
	mov	%eax, %es
	mov	RENEW_PAGE + PARAMETER(CR3), %rax
	mov	RENEW_PAGE + PARAMETER(STACK), %rsp
	mov	RENEW_PAGE + PARAMETER(CPU), %rdi
	jmp	*RENEW_PAGE + PARAMETER(ENTRY)
renew_end:

/* At its own address: the tables from here on have no low pages. */
	.text
	.globl	renew_arrive
renew_arrive:
	mov	%rax, %cr3
	jmp	entry_renewed
