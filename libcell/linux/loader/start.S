/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All CPUs of the cell begin here, in real mode with CS F000h. Each says which APIC is its own. The
 * one that firmware would have booted, which has the BSP flag, waits for the others and starts
 * Linux as the kernel's 64-bit boot protocol has it (Documentation/arch/x86/boot.rst): paging one
 * to one, selectors 10h and 18h, RSI. The others halt until it sends them INIT and a start-up IPI:
 * what they execute is in reserved memory.
 */
#include "parameters.h"

#define CR0_PE 0x1
#define CR0_ET 0x10
#define CR0_NE 0x20
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define MSR_APIC_BASE 0x1b
#define APIC_BASE_BSP 0x100
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define CPUID_TOPOLOGY 0xb

#define CODE32 0x08
#define CODE64 0x10
#define DATA 0x18

#define PAGE_TABLE 0x3		/* present, writable */
#define PAGE_LARGE 0x83
#define LARGE_PAGES 2048	/* of 2 MiB: 4 GiB */

	.section .start, "ax"
	.code16
	.globl start
start:
	cli
	lgdtl	%cs:gdt_pointer - LINUX_LOADER
	movl	$(CR0_PE | CR0_ET | CR0_NE), %eax	/* also clears CD and NW: cache */
	movl	%eax, %cr0
	ljmpl	$CODE32, $protected

	.code32
protected:
	movl	$DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss

	/* The 32-bit id of leaf B where there is one; by CPUID, as it works in each APIC mode. */
	xorl	%eax, %eax
	cpuid
	cmpl	$CPUID_TOPOLOGY, %eax
	jb	1f
	movl	$CPUID_TOPOLOGY, %eax
	xorl	%ecx, %ecx
	cpuid
	testl	%ebx, %ebx
	jnz	2f
1:	movl	$1, %eax
	cpuid
	movl	%ebx, %edx
	shrl	$24, %edx
2:	movl	%edx, %esi

	movl	$MSR_APIC_BASE, %ecx
	rdmsr
	testl	$APIC_BASE_BSP, %eax
	jnz	boot

	movl	$1, %edi
	lock xaddl %edi, places
	cmpl	$LINUX_MAX_CPUS - 1, %edi
	jae	park
	movl	%esi, loader_ids + 4(, %edi, 4)
	lock incl others
park:
	hlt
	jmp	park

boot:
	movl	%esi, loader_ids
	movl	LINUX_PARAMETERS + LINUX_PARAMETERS_CPUS, %ecx
	decl	%ecx
1:	pause
	cmpl	%ecx, others
	jb	1b

	movl	$(pdpt + PAGE_TABLE), pml4
	movl	$(directories + PAGE_TABLE), %eax
	xorl	%ecx, %ecx
2:	movl	%eax, pdpt(, %ecx, 8)
	addl	$4096, %eax
	incl	%ecx
	cmpl	$4, %ecx
	jne	2b
	movl	$PAGE_LARGE, %eax
	xorl	%ecx, %ecx
3:	movl	%eax, directories(, %ecx, 8)
	addl	$0x200000, %eax
	incl	%ecx
	cmpl	$LARGE_PAGES, %ecx
	jne	3b

	movl	$CR4_PAE, %eax
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
	ljmpl	$CODE64, $long_mode

	.code64
long_mode:
	movl	$stack_end, %esp
	xorl	%ebp, %ebp
	call	loader_main
	movl	$LINUX_ZERO_PAGE, %esi
	jmp	*%rax

	.data
	.balign 8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* CODE32 */
	.quad	0x00af9b000000ffff	/* CODE64 */
	.quad	0x00cf93000000ffff	/* DATA */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
	.balign 4
places:
	.long	0			/* of CPUs that do not boot, taken */
others:
	.long	0			/* and filled */

	/* The library has zeroed these. */
	.bss
	.balign 4096
pml4:
	.space	4096
pdpt:
	.space	4096
directories:
	.space	4 * 4096
	.globl	loader_ids
loader_ids:
	.space	4 * LINUX_MAX_CPUS
	.balign 16
	.space	4096
stack_end:
	.section .note.GNU-stack, "", @progbits
