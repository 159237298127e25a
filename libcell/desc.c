// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cellhv/guest.h>

#include "cleanup.h"
#include "export.h"
#include "file.h"
#include "json.h"
#include "keys.h"
#include "verify.h"

/* Where guest runtimes of this interface look for it. */
#define COMMAND_LINE_DEFAULT 0x1000

static void report(cell_desc *desc, struct cell_diag diag, bool at_key, const char *format,
		   va_list args)
{
	struct json_position position = {0, 0};
	char message[512];

	/* Those that are too many are not shown, and looking for their places takes time. */
	if (desc->diags.n_errors <= DIAG_ERRORS_MAX)
		json_locate(desc->text, diag.pointer, at_key, &position);
	vsnprintf(message, sizeof(message), format, args);
	diag.file = desc->path;
	diag.line = position.line;
	diag.column = position.column;
	diag.message = message;
	diag_add(&desc->diags, &diag);
}

void desc_report(cell_desc *desc, enum cell_severity severity, const char *code,
		 const char *pointer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(desc, (struct cell_diag){.severity = severity, .code = code, .pointer = pointer},
	       false, format, args);
	va_end(args);
}

void desc_report_key(cell_desc *desc, const char *code, const char *pointer, const char *format,
		     ...)
{
	va_list args;

	va_start(args, format);
	report(desc, (struct cell_diag){.severity = CELL_ERROR, .code = code, .pointer = pointer},
	       true, format, args);
	va_end(args);
}

void desc_report_at(cell_desc *desc, enum cell_severity severity, const char *code,
		    const char *pointer, size_t offset, const char *message)
{
	struct json_position position = json_position_of(desc->text, offset);

	diag_add(&desc->diags, &(struct cell_diag){
				       .severity = severity,
				       .code = code,
				       .file = desc->path,
				       .pointer = pointer,
				       .line = position.line,
				       .column = position.column,
				       .message = message,
			       });
}

const char *desc_pointer(char buffer[DESC_POINTER_SIZE], const char *array, size_t index,
			 const char *member)
{
	snprintf(buffer, DESC_POINTER_SIZE, "/%s/%zu%s%s", array, index, *member ? "/" : "",
		 member);
	return buffer;
}

bool desc_is_bad(const cell_desc *desc, const char *array, size_t index, const char *member)
{
	char pointer[DESC_POINTER_SIZE];

	return diag_has_error_at(&desc->diags, desc_pointer(pointer, array, index, member));
}

bool desc_region_known(const cell_desc *desc, size_t index)
{
	return !desc_is_bad(desc, "memory", index, "") &&
	       !desc_is_bad(desc, "memory", index, "size") &&
	       !desc_is_bad(desc, "memory", index, "at");
}

bool desc_memory_known(const cell_desc *desc)
{
	for (size_t i = 0; i < desc->n_memory; i++)
		if (!desc_region_known(desc, i))
			return false;
	return desc->n_memory > 0;
}

/* Diagnostics that are not the description's fault have names of their own. */
static const char *error_name_of(const char *code)
{
	static const struct {
		const char *code;
		const char *name;
	} names[] = {
		{"cpu-zero", "CpuUnavailable"},	    {"cpu-missing", "CpuUnavailable"},
		{"cpu-offline", "CpuUnavailable"},  {"cpus-few", "CpuUnavailable"},
		{"cpu-taken", "ResourceConflict"},  {"memory-taken", "ResourceConflict"},
		{"port-taken", "ResourceConflict"}, {"memory-short", "NoMemory"},
		{"memory-not-free", "NoMemory"},    {"image-missing", "ImageMissing"},
		{"image-empty", "ImageMissing"},    {"image-too-large", "ImageTooLarge"},
		{"not-readable", "Failed"},	    {"device-kept", "ResourceConflict"},
		{"port-kept", "ResourceConflict"},
	};

	for (size_t i = 0; i < ELEMENTS(names); i++)
		if (strcmp(names[i].code, code) == 0)
			return names[i].name;
	return "InvalidConfiguration";
}

const char *desc_first_error(const cell_desc *desc, char text[DESC_ERROR_SIZE])
{
	const struct cell_diag *first = diag_first_error(&desc->diags);
	char place[32] = "", more[48] = "";

	if (!first) {
		snprintf(text, DESC_ERROR_SIZE, "%s: there is no memory to say what is wrong",
			 desc->path);
		return text;
	}
	if (first->line)
		snprintf(place, sizeof(place), ":%u:%u", first->line, first->column);
	if (desc->diags.n_errors > 1)
		snprintf(more, sizeof(more), " (and %zu more error%s)", desc->diags.n_errors - 1,
			 desc->diags.n_errors > 2 ? "s" : "");
	snprintf(text, DESC_ERROR_SIZE, "%s%s: %s%s%s%s", first->file, place, first->pointer,
		 *first->pointer ? ": " : "", first->message, more);
	return text;
}

int desc_verdict(cell_desc *desc)
{
	const struct cell_diag *first = diag_first_error(&desc->diags);
	char text[DESC_ERROR_SIZE];

	if (!desc->diags.n_errors)
		return 0;
	if (!first)
		return context_oom(desc->context);

	return context_fail(desc->context, -EINVAL, error_name_of(first->code), "%s",
			    desc_first_error(desc, text));
}

static void set_defaults(cell_desc *desc)
{
	desc->comm = UINT64_MAX; /* resolved when it is known whether a region is in the way */
	desc->flags = CELLHV_CELL_CONSOLE_VIRTUAL;
	desc->comm_revision = CELLHV_COMM_REVISION;
	desc->command_line_at = COMMAND_LINE_DEFAULT;
	desc->shutdown_timeout_ms = 5000;
}

/* Takes text over, also where it fails. */
static cell_desc *make(cell_context *context, const char *path, char *text, size_t size)
{
	cell_desc *desc = text ? calloc(1, sizeof(*desc)) : NULL;

	if (!desc) {
		free(text);
		return NULL;
	}

	desc->refs = 1;
	desc->context = cell_context_ref(context);
	desc->text = text;
	desc->text_size = size;
	desc->path = strdup(path);
	set_defaults(desc);
	return desc->path ? desc : cell_desc_unref(desc);
}

int desc_new(cell_context *context, const char *path, char *text, size_t size,
	     const struct key *keys, void *target, cell_desc **ret)
{
	cell_desc *desc = make(context, path, text, size);

	if (!desc || parse_desc(desc, keys, target) < 0) {
		cell_desc_unref(desc);
		return context_oom(context);
	}
	*ret = desc;
	return 0;
}

int desc_new_unreadable(cell_context *context, const char *path, int error, cell_desc **ret)
{
	cell_desc *desc = make(context, path, strdup(""), 0);
	char message[128];

	if (!desc)
		return context_oom(context);

	if (error == -EFBIG)
		snprintf(message, sizeof(message), "this file is larger than %d bytes",
			 DESC_FILE_MAX);
	else
		snprintf(message, sizeof(message), "this file cannot be read: %s",
			 error == -ENOENT ? "what the link points at is not there"
					  : file_error(error));
	diag_add(&desc->diags, &(struct cell_diag){.severity = CELL_ERROR,
						   .code = "not-readable",
						   .file = path,
						   .pointer = "",
						   .message = message});
	diag_finish(&desc->diags, true);
	*ret = desc;
	return 0;
}

static int new_cell(cell_context *context, const char *path, char *text, size_t size,
		    cell_desc **ret)
{
	cell_desc *desc;
	int r;

	r = desc_new(context, path, text, size, keys_cell, NULL, &desc);
	if (r < 0)
		return r;

	verify_desc(desc);
	diag_finish(&desc->diags, true);
	*ret = desc;
	return 0;
}

static int fail_read(cell_context *context, int error, const char *path)
{
	if (error == -ENOMEM)
		return context_oom(context);
	if (error == -EFBIG)
		return context_fail(context, error, "InvalidConfiguration",
				    "%s is larger than %d bytes: no cell description is.", path,
				    DESC_FILE_MAX);
	return context_fail(context, error, error == -ENOENT ? "NoSuchCell" : "Failed",
			    "Cannot read the description %s: %s.", path, file_error(error));
}

/* With the slash at its end; of the file itself, which is where a link leads to. */
static char *directory_of(const char *path)
{
	char *directory = realpath(path, NULL), *slash;

	slash = directory ? strrchr(directory, '/') : NULL;
	if (slash)
		slash[1] = '\0';
	return directory;
}

LIBCELL_PUBLIC int cell_desc_new_from_file(cell_context *context, const char *path, cell_desc **ret)
{
	cell_desc *desc;
	size_t size;
	char *text;
	int r;

	context_begin(context);
	r = file_load(path, DESC_FILE_MAX, &text, &size);
	if (r < 0)
		return fail_read(context, r, path);

	r = new_cell(context, path, text, size, &desc);
	if (r < 0)
		return r;

	desc->directory = directory_of(path);
	if (!desc->directory) {
		cell_desc_unref(desc);
		return fail_read(context, -errno, path);
	}
	*ret = desc;
	return 0;
}

LIBCELL_PUBLIC int cell_desc_new_from_fd(cell_context *context, int fd, const char *label,
					 cell_desc **ret)
{
	size_t size;
	char *text;
	int r;

	context_begin(context);
	r = file_load_fd(fd, DESC_FILE_MAX, &text, &size);
	if (r < 0)
		return fail_read(context, r, label);
	return new_cell(context, label, text, size, ret);
}

LIBCELL_PUBLIC cell_desc *cell_desc_ref(cell_desc *desc)
{
	desc->refs++;
	return desc;
}

LIBCELL_PUBLIC cell_desc *cell_desc_unref(cell_desc *desc)
{
	if (!desc || --desc->refs > 0)
		return NULL;

	diag_clear(&desc->diags);
	for (size_t i = 0; i < desc->n_images; i++)
		free(desc->images[i].file);
	free(desc->command_line);
	free(desc->text);
	free(desc->path);
	free(desc->directory);
	cell_context_unref(desc->context);
	free(desc);
	return NULL;
}

LIBCELL_PUBLIC const char *cell_desc_name(const cell_desc *desc)
{
	return desc->name;
}

LIBCELL_PUBLIC const char *cell_desc_path(const cell_desc *desc)
{
	return desc->path;
}

LIBCELL_PUBLIC unsigned cell_desc_shutdown_timeout_ms(const cell_desc *desc)
{
	return desc->shutdown_timeout_ms;
}

LIBCELL_PUBLIC bool cell_desc_destroy_on_refusal(const cell_desc *desc)
{
	return desc->destroy_on_refusal;
}

LIBCELL_PUBLIC size_t cell_desc_n_diags(const cell_desc *desc)
{
	return desc->diags.n;
}

LIBCELL_PUBLIC const struct cell_diag *cell_desc_diag(const cell_desc *desc, size_t index)
{
	return index < desc->diags.n ? &desc->diags.items[index] : NULL;
}
