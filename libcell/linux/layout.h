/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where in a cell's RAM Linux comes to be. */
#ifndef LIBCELL_LINUX_LAYOUT_H
#define LIBCELL_LINUX_LAYOUT_H

#include "base/range.h"
#include "linux/kernel.h"

struct linux_layout {
	uint64_t kernel;
	uint64_t initrd; /* 0: there is none */
};

enum layout_lack {
	LAYOUT_FITS,
	LAYOUT_NO_LOW,	  /* RAM from 0 on, up to 1 MiB */
	LAYOUT_NO_KERNEL, /* RAM in one piece for it */
	LAYOUT_NO_INITRD,
};

/* ram: readable, writable and executable. initrd_size 0: there is none. */
enum layout_lack layout_find(const struct linux_kernel *kernel, uint64_t initrd_size,
			     const struct ranges *ram, struct linux_layout *ret);

/* With how many bytes of RAM from 0 on they fit for certain. */
uint64_t layout_need(const struct linux_kernel *kernel, uint64_t initrd_size);

#endif
