/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two formats of a kernel's file. The file is whatever a user names: nothing of it is believed
 * before it is looked at there. */
#ifndef LIBCELL_LINUX_KERNEL_FILE_H
#define LIBCELL_LINUX_KERNEL_FILE_H

#include "linux/kernel.h"

/* As kernel_parse(); *ret is zeroed. */
const char *bzimage_parse(const uint8_t *data, size_t size, struct linux_kernel *ret);
const char *vmlinux_parse(const uint8_t *data, size_t size, struct linux_kernel *ret);

/* The first word of the text; what is not a file name's is none. */
void kernel_set_release(struct linux_kernel *kernel, const uint8_t *text, size_t size);

#define KERNEL_DAMAGED "is a damaged kernel: its header cannot be. Install it again"
#define KERNEL_CUT "is a kernel of which only the beginning is there. Install it again"

#endif
