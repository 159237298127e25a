/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A ROM of 64 KiB that does for a bare machine (QEMU's q35) what the hypervisor does for a cell:
 * every CPU arrives at 0000:0000 in real mode with its APIC software-disabled, with X2APIC in
 * x2APIC mode, and the PM timer and MMCONFIG answer.
 */
#define MSR_APIC_BASE 0x1b
#define APIC_BASE_ENABLE_X2APIC 0xc00
#define APIC_BASE_BSP 0x100
#define MSR_X2APIC_COMMAND 0x830
#define COMMAND_STARTUP_OTHERS 0xc46f0	/* all but self, assert, page F0: this ROM */

/* ICH9 LPC bridge, 00:1f.0 (Intel ICH9 data sheet, 13.1.14): PMBASE and ACPI_CNTL. */
#define CONFIG_PMBASE 0x8000f840
#define CONFIG_ACPI_CNTL 0x8000f844
#define PM_BASE 0x600
#define ACPI_ENABLE 0x80

/* Its host bridge, 00:00.0 (Intel 4 Series chipset data sheet, 5.1.14): PCIEXBAR. */
#define CONFIG_PCIEXBAR 0x80000060
#define MMCONFIG_ENABLE 0xb0000001	/* all 256 buses at B0000000 */

	.text
	.code16
	.globl rom
rom:
	movl	$MSR_APIC_BASE, %ecx
	rdmsr
#ifdef X2APIC
	orl	$APIC_BASE_ENABLE_X2APIC, %eax
	wrmsr
#endif
	testl	$APIC_BASE_BSP, %eax
	jz	enter

	movw	$0xcf8, %dx
	movl	$CONFIG_PMBASE, %eax
	outl	%eax, %dx
	movw	$0xcfc, %dx
	movl	$PM_BASE, %eax
	outl	%eax, %dx
	movw	$0xcf8, %dx
	movl	$CONFIG_ACPI_CNTL, %eax
	outl	%eax, %dx
	movw	$0xcfc, %dx
	movb	$ACPI_ENABLE, %al
	outb	%al, %dx
	movw	$0xcf8, %dx
	movl	$CONFIG_PCIEXBAR, %eax
	outl	%eax, %dx
	movw	$0xcfc, %dx
	movl	$MMCONFIG_ENABLE, %eax
	outl	%eax, %dx

#ifdef X2APIC	/* guests without it have one CPU */
	movl	$MSR_X2APIC_COMMAND, %ecx
	movl	$COMMAND_STARTUP_OTHERS, %eax
	xorl	%edx, %edx
	wrmsr
#endif

enter:
	xorl	%eax, %eax
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	ljmp	$0, $0

	.org	0xfff0
	jmp	rom
	.org	0x10000
