/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_CONTEXT_H
#define LIBCELL_CONTEXT_H

#include "cell.h"

struct driver_ops;

struct cell_context {
	unsigned refs;
	cell_log_fn log;
	void *log_userdata;
	const char *error_name;
	char error[768];
	const char *root;		 /* prefix of every path; "" but in tests */
	const struct driver_ops *driver; /* the kernel's, but in tests */
};

/* Every public call that can fail begins with this: an earlier error is forgotten. */
void context_begin(cell_context *context);

/* Records name and sentence and returns error (a negative errno). */
int context_fail(cell_context *context, int error, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* -ENOMEM with its sentence: this process, not the machine's cell memory, ran out. */
int context_oom(cell_context *context);

void context_log(cell_context *context, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
