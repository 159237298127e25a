/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to /dev/cellhv. */
#ifndef LIBCELL_DRIVER_H
#define LIBCELL_DRIVER_H

#include <cellhv/driver.h>

#include "base/context.h"

/* The way to the kernel; tests put a script in its place. As the system calls, but -errno. */
struct driver_ops {
	int (*open)(const char *path);
	int (*call)(int fd, unsigned long request, void *argument);
};

/* -ENOENT or -ENXIO: no such device, without an error in the context. */
int driver_open(cell_context *context);

/*
 * what: "create the cell rt-io", for the sentence; error: that within argument, or NULL. On
 * failure name and sentence are in the context.
 */
int driver_call(cell_context *context, int fd, unsigned long request, void *argument,
		const struct cellhv_error *error, const char *what);

/* Without a word in the context, for callers that expect a failure. */
int driver_try(cell_context *context, int fd, unsigned long request, void *argument);

#endif
