/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one page of text that Linux's and the hypervisor's page tables map at the same address. What
 * runs here changes CR3 under its own feet. NMIs come whenever they like: while neither world's
 * tables can be reached, those of switch_data hold, and the handler here only notes them.
 */
#include <linux/linkage.h>
#include <asm/ibt.h>
#include <asm/unwind_hints.h>
#include <asm/nospec-branch.h>
#include <cellhv/x86/launch.h>

#define CR4_PGE		0x80
#define CR4_PCIDE	0x20000
#define CR4_CET		0x800000
#define MSR_FS_BASE	0xc0000100
#define MSR_GS_BASE	0xc0000101

	.section .data.switch, "aw"
	.balign	CELLHV_SWITCH_SIZE
	.globl	switch_data
switch_data:
	.skip	CELLHV_SWITCH_SIZE

	.section .text.switch, "ax"
	.balign	4096, 0xcc
/* int switch_enter(u64 hypervisor_cr3, void *entry, struct cellhv_native *native) */
SYM_CODE_START(switch_enter)
	UNWIND_HINT_FUNC
	ENDBR
	pushfq
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, CELLHV_NATIVE_RSP(%rdx)
	lea	switch_resume(%rip), %rax
	mov	%rax, CELLHV_NATIVE_RIP(%rdx)

	movl	$0, switch_data + CELLHV_SWITCH_NMI(%rip)
	lidt	switch_data + CELLHV_SWITCH_IDTR(%rip)
	lgdt	switch_data + CELLHV_SWITCH_GDTR(%rip)
	lea	switch_data + CELLHV_SWITCH_SIZE(%rip), %rsp
	mov	%cr4, %rax
	and	$~(CR4_PGE | CR4_PCIDE | CR4_CET), %rax
	mov	%rax, %cr4
	mov	%rdi, %cr3
	ANNOTATE_RETPOLINE_SAFE
	jmp	*%rsi

	/* Linux goes on here, native where the entry failed; RAX is the result. */
switch_resume:
	UNWIND_HINT_FUNC
	ENDBR
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	popfq
	RET

SYM_CODE_END(switch_enter)

/*
 * RBX: Linux's address of struct cellhv_frame, RDI: CR4 without PGE, RSI: Linux's CR3; switch_data's
 * tables are in force and TR is Linux's.
 */
SYM_CODE_START(switch_leave)
	UNWIND_HINT_FUNC
	ENDBR
	lea	switch_data + CELLHV_SWITCH_SIZE(%rip), %rsp
	/* PCIDE may only be set while the low bits of CR3 are clear: so before CR3. */
	mov	%rdi, %cr4
	mov	%rsi, %cr3
	/* PGE from 0 to 1 drops what the hypervisor's tables left in the TLB. */
	mov	CELLHV_FRAME_CR4(%rbx), %rax
	mov	%rax, %cr4
	lgdt	CELLHV_FRAME_GDTR(%rbx)
	movw	CELLHV_FRAME_ES(%rbx), %es
	movw	CELLHV_FRAME_DS(%rbx), %ds
	movw	CELLHV_FRAME_SS(%rbx), %ss
	/* A selector brings a base with it, which the MSR then replaces. */
	movw	CELLHV_FRAME_FS(%rbx), %fs
	movw	CELLHV_FRAME_GS(%rbx), %gs
	mov	$MSR_FS_BASE, %ecx
	mov	CELLHV_FRAME_FS_BASE(%rbx), %eax
	mov	CELLHV_FRAME_FS_BASE + 4(%rbx), %edx
	wrmsr
	mov	$MSR_GS_BASE, %ecx
	mov	CELLHV_FRAME_GS_BASE(%rbx), %eax
	mov	CELLHV_FRAME_GS_BASE + 4(%rbx), %edx
	wrmsr
	lldt	CELLHV_FRAME_LDTR(%rbx)
	mov	CELLHV_FRAME_REG(4)(%rbx), %rsp
	lidt	CELLHV_FRAME_IDTR(%rbx)
	/* Linux gets the NMI that it has missed. */
	cmpl	$0, switch_data + CELLHV_SWITCH_NMI(%rip)
	je	1f
	movl	$0, switch_data + CELLHV_SWITCH_NMI(%rip)
	int	$2
1:
	push	CELLHV_FRAME_RIP(%rbx)
	push	CELLHV_FRAME_RFLAGS(%rbx)
	push	CELLHV_FRAME_REG(3)(%rbx)
	mov	CELLHV_FRAME_REG(0)(%rbx), %rax
	mov	CELLHV_FRAME_REG(1)(%rbx), %rcx
	mov	CELLHV_FRAME_REG(2)(%rbx), %rdx
	mov	CELLHV_FRAME_REG(5)(%rbx), %rbp
	mov	CELLHV_FRAME_REG(6)(%rbx), %rsi
	mov	CELLHV_FRAME_REG(7)(%rbx), %rdi
	mov	CELLHV_FRAME_REG(8)(%rbx), %r8
	mov	CELLHV_FRAME_REG(9)(%rbx), %r9
	mov	CELLHV_FRAME_REG(10)(%rbx), %r10
	mov	CELLHV_FRAME_REG(11)(%rbx), %r11
	mov	CELLHV_FRAME_REG(12)(%rbx), %r12
	mov	CELLHV_FRAME_REG(13)(%rbx), %r13
	mov	CELLHV_FRAME_REG(14)(%rbx), %r14
	mov	CELLHV_FRAME_REG(15)(%rbx), %r15
	movw	$1, CELLHV_FRAME_DONE(%rbx)
	pop	%rbx
	popfq
	RET

SYM_CODE_END(switch_leave)

/* The NMI gate of switch_data. NMIs are held until the IRET. */
SYM_CODE_START(switch_nmi)
	UNWIND_HINT_IRET_REGS
	ENDBR
	movl	$1, switch_data + CELLHV_SWITCH_NMI(%rip)
	iretq
SYM_CODE_END(switch_nmi)
	.balign	4096, 0xcc
