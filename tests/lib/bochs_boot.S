/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts Linux in Bochs without a boot loader, a boot disk, or a decompressor: the emulator has put
 * all of it into memory (see bochs_boot.py). Two programs, one section each:
 *
 * .sector, at 7c00 from a floppy disk: enters the real-mode code of the kernel's image. A second boot
 *          ends the emulator: a machine that resets itself is over.
 * .loader, at 9a000, where that code takes it for the decompressor's 32-bit entry: goes to long mode
 *          and enters the uncompressed kernel (Documentation/arch/x86/boot.rst, "64-bit boot
 *          protocol": flat segments, first memory identity mapped, interrupts off, RSI boot_params).
 */

#define SETUP_SEGMENT 0x9000
#define SETUP_STACK   0x9800
#define BOOT_FLAG     0x1fe

#define SHUTDOWN_PORT 0x8900 /* of Bochs: the word "Shutdown" ends it */

#define CR0_PE	 (1 << 0)
#define CR0_PG	 (1 << 31)
#define CR4_PAE	 (1 << 5)
#define MSR_EFER 0xc0000080
#define EFER_LME (1 << 8)

#define ATA_PORT     0x1f0
#define ATA_LBA	     0x40
#define ATA_READ_EXT 0x24
#define ATA_BUSY     (1 << 7)
#define ATA_DATA     (1 << 3)

	.macro ata_out register, value=%al
	.ifnc \value, %al
	mov	\value, %al
	.endif
	mov	$ATA_PORT + \register, %edx
	out	%al, %dx
	.endm

	.section .sector, "ax"
	.code16
	cli
	mov	$SETUP_SEGMENT, %ax
	mov	%ax, %ds
	cmpw	$0xaa55, BOOT_FLAG
	jne	1f
	movw	$0, BOOT_FLAG
	mov	%ax, %es
	mov	%ax, %fs
	mov	%ax, %gs
	mov	%ax, %ss
	mov	$SETUP_STACK, %sp
	ljmp	$SETUP_SEGMENT + 0x20, $0

1:	xor	%ax, %ax
	mov	%ax, %ds
	mov	$SHUTDOWN_PORT, %dx
	mov	$word, %si
	mov	$8, %cx
	cld
	rep outsb
2:	hlt
	jmp	2b
word:	.ascii	"Shutdown"
	.org	510
	.word	0xaa55

	.section .loader, "awx"
	.code32
	jmp	start
	/* Filled in by bochs_boot.py: the parts of the disk, from its second sector on. */
	.balign	4
parts:	.long	0, 0, 0, 0 /* address and number of sectors of kernel and initramfs */
entry:	.long	0 /* of the kernel */

start:	mov	$tables, %esp
	push	%esi
	cld
	mov	$1, %ebx
	mov	$parts, %esi
	call	read_part
	call	read_part
	pop	%esi

	lgdt	gdt_pointer
	mov	$tables, %eax
	mov	%eax, %cr3
	mov	%cr4, %eax
	or	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_LME, %eax
	wrmsr
	mov	%cr0, %eax
	or	$(CR0_PE | CR0_PG), %eax
	mov	%eax, %cr0
	ljmp	$0x10, $3f
	.code64
3:	mov	$0x18, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%esi, %esi
	mov	entry, %eax
	jmp	*%rax

	/*
	 * READ SECTORS EXT of the first ATA disk, up to 65536 of them at a time (ATA/ATAPI-7, 6.20):
	 * ESI the part, EBX the first sector; both move on.
	 */
	.code32
read_part:
	lodsl
	mov	%eax, %edi
	lodsl
	mov	%eax, %ebp
4:	mov	$0x10000, %ecx
	cmp	%ebp, %ecx
	cmova	%ebp, %ecx
	sub	%ecx, %ebp
	ata_out	6, $ATA_LBA
	ata_out	2, %ch
	mov	%ebx, %eax
	shr	$24, %eax
	ata_out	3
	ata_out	4, $0
	ata_out	5, $0
	ata_out	2, %cl
	mov	%ebx, %eax
	ata_out	3
	ata_out	4, %ah
	shr	$16, %eax
	ata_out	5
	ata_out	7, $ATA_READ_EXT
	add	%ecx, %ebx
5:	mov	$ATA_PORT + 7, %edx
6:	in	%dx, %al
	and	$(ATA_BUSY | ATA_DATA), %al
	cmp	$ATA_DATA, %al
	jne	6b
	mov	%ecx, %eax
	mov	$ATA_PORT, %edx
	mov	$256, %ecx
	rep insw
	mov	%eax, %ecx
	dec	%ecx
	jnz	5b
	test	%ebp, %ebp
	jnz	4b
	ret

	/* The selectors of the boot protocol: __BOOT_CS 10, __BOOT_DS 18. */
	.balign	8
gdt:	.quad	0, 0, 0x00af9a000000ffff, 0x00cf92000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	/* The first GiB, in 2 MiB pages. */
	.balign	4096
tables:	.quad	pointers + 3
	.balign	4096
pointers:
	.quad	directory + 3
	.balign	4096
directory:
	.set	page, 0
	.rept	512
	.quad	page | 0x83
	.set	page, page + 0x200000
	.endr
