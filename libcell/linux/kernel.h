/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel's file: a bzImage, as the kernel's Documentation/arch/x86/boot.rst has it, which unpacks
 * itself; or vmlinux, the ELF file that is packed into one, which is entered as it is loaded.
 */
#ifndef LIBCELL_LINUX_KERNEL_H
#define LIBCELL_LINUX_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_ENTRY 0x200 /* of a bzImage, behind where it is loaded: in long mode */
#define KERNEL_HEADER 0x1f1
#define KERNEL_HEADER_MAX 0x290 /* end of what the zero page has room for */
#define KERNEL_PIECES_MAX 16

struct linux_piece {
	const uint8_t *data; /* in the file */
	size_t size;
	uint64_t offset; /* from where the kernel is loaded */
};

struct linux_kernel {
	struct linux_piece pieces[KERNEL_PIECES_MAX];
	size_t n_pieces;
	uint64_t entry;	       /* from where it is loaded: in long mode, mapped one to one */
	uint32_t init_size;    /* bytes that it takes until it knows its memory */
	uint32_t alignment;    /* a power of 2 */
	bool is_fixed;	       /* it runs at the preferred address alone */
	uint64_t preferred;    /* the lowest address that it stays at */
	uint64_t initrd_end;   /* of where an initrd may be */
	uint32_t command_line; /* bytes that it reads at most, without the zero */
	size_t header_size;
	uint8_t header[KERNEL_HEADER_MAX - KERNEL_HEADER]; /* of the zero page, at KERNEL_HEADER */
	char release[65];				   /* "6.1.0-56-amd64", or empty */
};

/* Keeps data. NULL; or why that is nothing to start: the rest of a sentence, "is not ...". */
const char *kernel_parse(const void *data, size_t size, struct linux_kernel *ret);

#endif
