/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Linux is started with, in the cell's first MiB. */
#ifndef LIBCELL_LINUX_BOOT_H
#define LIBCELL_LINUX_BOOT_H

#include "linux/layout.h"
#include "linux/loader/parameters.h"
#include "linux/machine.h"

struct linux_boot {
	uint8_t low[LINUX_LOW_END - LINUX_ZERO_PAGE]; /* at LINUX_ZERO_PAGE */
	uint8_t high[LINUX_HIGH_END - LINUX_TABLES];  /* at LINUX_TABLES */
};

/* That of a cell as all are, without its zero, is not longer. */
#define BOOT_COMMAND_LINE_MAX 128

/* The RAM that Linux can be in; the caller clears it. -ENOMEM. */
int boot_ram(const struct linux_machine *machine, struct ranges *ret);

/*
 * command_line: the user's, or NULL; the kernel has been found to read it. -ENOMEM; -E2BIG: it is
 * longer than there is room, or the tables are.
 */
int boot_write(const struct linux_machine *machine, const struct linux_kernel *kernel,
	       const struct linux_layout *layout, uint32_t initrd_size, const char *command_line,
	       struct linux_boot *ret);

#endif
