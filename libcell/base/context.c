// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/context.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/export.h"

LIBCELL_PUBLIC int cell_context_new(cell_context **ret)
{
	cell_context *context = calloc(1, sizeof(*context));

	if (!context)
		return -ENOMEM;

	context->refs = 1;
	context->root = "";
	context->error_name = "";
	*ret = context;
	return 0;
}

LIBCELL_PUBLIC cell_context *cell_context_ref(cell_context *context)
{
	context->refs++;
	return context;
}

LIBCELL_PUBLIC cell_context *cell_context_unref(cell_context *context)
{
	if (context && --context->refs == 0)
		free(context);
	return NULL;
}

LIBCELL_PUBLIC void cell_context_set_log_fn(cell_context *context, cell_log_fn fn, void *userdata)
{
	context->log = fn;
	context->log_userdata = userdata;
}

LIBCELL_PUBLIC const char *cell_context_last_error_name(const cell_context *context)
{
	return context->error_name;
}

LIBCELL_PUBLIC const char *cell_context_last_error(const cell_context *context)
{
	return context->error;
}

void context_begin(cell_context *context)
{
	context->error_name = "";
	context->error[0] = '\0';
}

void context_set_error(cell_context *context, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(context->error, sizeof(context->error), format, args);
	va_end(args);
	context->error_name = name;
}

void context_log(cell_context *context, int level, const char *format, ...)
{
	char message[512];
	va_list args;

	if (!context->log)
		return;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	context->log(context->log_userdata, level, message);
}
