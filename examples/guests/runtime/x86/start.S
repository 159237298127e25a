/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start of every CPU of the cell, in real mode at 0000:0000, both by the hypervisor and by a
 * start-up IPI for page 0. Goes on in start_mode (start64.S or start32.S) in flat 32-bit code,
 * with ESP set up, and EBX 0 on the first CPU.
 */
#include "start.h"

	.section .start, "ax"
	.code16
	.globl start
start:
	cli
	lgdtl	%cs:gdt_pointer
	movl	$(CR0_PE | CR0_ET | CR0_NE | CR0_WP), %eax	/* also clears CD and NW: cache */
	movl	%eax, %cr0
	ljmpl	$GDT_CODE32, $protected

	.code32
protected:
	movl	$GDT_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss

	/* smp_start() has left a stack here: this CPU comes from its start-up IPI. */
	xorl	%esp, %esp
	xchgl	%esp, smp_stack
	movl	$1, %ebx
	testl	%esp, %esp
	jnz	start_mode

	/* All CPUs of the cell come by once: the first to count itself goes on as CPU 0. */
	movl	$1, %ebx
	lock xaddl %ebx, cpus_seen
	cmpl	$SMP_CPUS_MAX, %ebx
	jae	park
	movl	%ebx, %esi

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
2:	movl	%edx, smp_apic_ids(, %esi, 4)
	movl	%esi, %ebx
	testl	%ebx, %ebx
	jz	boot

	/* The others wait for INIT and a start-up IPI. */
park:
	cli
	hlt
	jmp	park

boot:
	movl	$bss_start, %edi
	movl	$bss_end, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	xorl	%eax, %eax
	cld
	rep stosl
	movl	$boot_stack_end, %esp
	jmp	start_mode

	/* Accessed bits are set so that the processor never has to. */
	.section .rodata
	.balign 8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* GDT_CODE32 */
	.quad	0x00cf93000000ffff	/* GDT_DATA */
	.quad	0x00af9b000000ffff	/* GDT_CODE64 */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt

	/* In .data: other CPUs may come by before the first has cleared .bss. */
	.data
	.balign 4
cpus_seen:
	.long	0
	.globl	smp_stack
smp_stack:
	.long	0
	.globl	smp_apic_ids
smp_apic_ids:
	.fill	SMP_CPUS_MAX, 4, 0xffffffff

	.bss
	.balign 16
	.space	BOOT_STACK_SIZE
boot_stack_end:
