/* SPDX-License-Identifier: GPL-2.0-only */
	.section .note.GNU-stack, "", @progbits
	.section .data.rel.ro.faults, "aw"
	.balign	8
	.globl	safe_faults, safe_fault_count
safe_faults:
	.quad	msr_read_fault, 1 << 13			/* #GP */
	.quad	msr_write_fault, 1 << 13
	.quad	xcr_write_fault, 1 << 13 | 1 << 6	/* and #UD, without CR4.OSXSAVE */
safe_fault_count:
	.quad	(. - safe_faults) / 16

	.text
/* bool msr_read_safe(uint32_t msr, uint64_t *value) */
	.globl	msr_read_safe
msr_read_safe:
	mov	%edi, %ecx
msr_read_fault:
	rdmsr
	shl	$32, %rdx
	mov	%eax, %eax
	or	%rdx, %rax
	mov	%rax, (%rsi)
	mov	$1, %eax
	ret

/* bool msr_write_safe(uint32_t msr, uint64_t value) */
	.globl	msr_write_safe
msr_write_safe:
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
msr_write_fault:
	wrmsr
	mov	$1, %eax
	ret

/* bool xcr_write_safe(uint32_t xcr, uint64_t value) */
	.globl	xcr_write_safe
xcr_write_safe:
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
xcr_write_fault:
	xsetbv
	mov	$1, %eax
	ret

	.globl	safe_failed
safe_failed:
	xor	%eax, %eax
	ret
