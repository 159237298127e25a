/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one page of text that Linux's and the hypervisor's page tables map at the same address. What
 * runs here changes CR3 under its own feet. Order matters, see AMD64 APM vol. 2, 15.17 for GIF.
 */
#include <linux/linkage.h>
#include <asm/ibt.h>
#include <asm/unwind_hints.h>
#include <asm/nospec-branch.h>
#include <cellhv/launch.h>

#define CR4_PGE		0x80
#define CR4_PCIDE	0x20000
#define CR4_CET		0x800000
#define MSR_EFER	0xc0000080

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

	/* From here to VMRUN Linux's IDT is out of reach: hold NMIs. */
	clgi
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

/* RBX: Linux's address of struct cellhv_frame, RDI: CR4 without PGE, RSI: Linux's CR3 */
SYM_CODE_START(switch_leave)
	UNWIND_HINT_FUNC
	ENDBR
	/* PCIDE may only be set while the low bits of CR3 are clear: so before CR3. */
	mov	%rdi, %cr4
	mov	%rsi, %cr3
	/* PGE from 0 to 1 drops what the hypervisor's tables left in the TLB. */
	mov	CELLHV_FRAME_CR4(%rbx), %rax
	mov	%rax, %cr4
	lgdt	CELLHV_FRAME_GDTR(%rbx)
	lidt	CELLHV_FRAME_IDTR(%rbx)
	movw	CELLHV_FRAME_ES(%rbx), %es
	movw	CELLHV_FRAME_DS(%rbx), %ds
	movw	CELLHV_FRAME_SS(%rbx), %ss
	mov	CELLHV_FRAME_REG(4)(%rbx), %rsp
	/* A held NMI lands here, wholly in Linux. */
	stgi
	mov	$MSR_EFER, %ecx
	mov	CELLHV_FRAME_EFER(%rbx), %eax
	mov	CELLHV_FRAME_EFER + 4(%rbx), %edx
	wrmsr
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
	.balign	4096, 0xcc
