/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel's file: a bzImage, as the kernel's Documentation/arch/x86/boot.rst has it. */
#ifndef LIBCELL_LINUX_KERNEL_H
#define LIBCELL_LINUX_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_ENTRY 0x200 /* behind where it is loaded: in long mode */
#define KERNEL_HEADER 0x1f1
#define KERNEL_HEADER_MAX 0x290 /* end of what the zero page has room for */

struct linux_kernel {
	const uint8_t *data; /* the file's */
	size_t size;
	size_t setup_size; /* bytes before what is loaded */
	size_t header_end;
	uint32_t init_size;    /* bytes that it takes until it knows its memory */
	uint32_t alignment;    /* a power of 2 */
	uint32_t command_line; /* bytes that it reads at most, without the zero */
	uint64_t initrd_end;   /* of where an initrd may be */
	uint64_t preferred;    /* the lowest address that it stays at */
	char release[65];      /* "6.1.0-56-amd64", or empty */
};

/* Keeps data. NULL; or why that is nothing to start: the rest of a sentence, "is not ...". */
const char *kernel_parse(const void *data, size_t size, struct linux_kernel *ret);

#endif
