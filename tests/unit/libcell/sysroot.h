/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine made of files: 4 CPUs with SVM, 1 GiB in blocks of 128 MiB, of which 2-6 can go
 * offline. */
#ifndef TESTS_SYSROOT_H
#define TESTS_SYSROOT_H

#include <stddef.h>

#include "base/context.h"

struct sysroot {
	char path[128];
	cell_context *context; /* with this root, and a driver that is not there */
};

void sysroot_make(struct sysroot *root);
/* The same with module and image: every preflight check passes. */
void sysroot_make_ready(struct sysroot *root);
void sysroot_remove(struct sysroot *root);

void sysroot_write(const struct sysroot *root, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void sysroot_write_bytes(const struct sysroot *root, const char *path, const void *data,
			 size_t size);
void sysroot_link(const struct sysroot *root, const char *path, const char *target);
/* First line; "" where there is no such file. */
const char *sysroot_read(const struct sysroot *root, const char *path);

/* The block reads "online", and no write to its state succeeds. */
void sysroot_nail_block(const struct sysroot *root, unsigned number);

#endif
