/* SPDX-License-Identifier: GPL-2.0-only */
#include <cellhv/x86/launch.h>

	.section .note.GNU-stack, "", @progbits

	.section .header, "a"
	.ascii	"CELLHVIM"
	.long	3				/* CELLHV_ABI_VERSION */
	.long	entry_offset
	.long	file_size
	.long	memory_size
	.long	boot_offset
	.long	CELLHV_BOOT_SIZE
	.ascii	CELLMGR_VERSION
	.balign	32

	.text
/* From the switch page: its tables in force, the module's page tables, interrupts off. */
	.globl	entry
entry:
	cld
	lea	entry_stack_end(%rip), %rsp
	call	entry_cpu
	test	%eax, %eax
	jnz	1f

	/* On its own stack for good. */
	call	cpu_stack
	mov	%rax, %rsp
	call	cpu_run
1:
	mov	%eax, %edi
	call	entry_failed

/* noreturn void leave_jump(uint64_t frame, uint64_t cr4, uint64_t cr3, uint64_t leave) */
	.globl	leave_jump
leave_jump:
	mov	%rdi, %rbx
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	jmp	*%rcx

	.bss
	.balign	4096
	.skip	8192
entry_stack_end:
