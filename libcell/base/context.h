/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_CONTEXT_H
#define LIBCELL_CONTEXT_H

#include <errno.h>

#include "cell.h"

struct driver_ops;

struct cell_context {
	unsigned refs;
	cell_log_fn log;
	void *log_userdata;
	const char *error_name;
	char error[768];
	const char *root;		 /* prefix of every path; "" but in tests */
	const struct driver_ops *driver; /* NULL: the kernel's; but in tests */
};

/* Every public call that can fail begins with this: an earlier error is forgotten. */
void context_begin(cell_context *context);

void context_set_error(cell_context *context, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Records name and sentence and has the value of error (a negative errno). A macro, so that
 * analyzers see at each place that this is how a call fails.
 */
#define context_fail(context, error, name, ...) \
	(context_set_error((context), name, __VA_ARGS__), (error))

/* -ENOMEM with its sentence: this process, not the machine's cell memory, ran out. */
static inline int context_oom(cell_context *context)
{
	return context_fail(context, -ENOMEM, "Failed", "This process is out of memory.");
}

void context_log(cell_context *context, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
