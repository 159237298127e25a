// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/desc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cellhv/guest.h>

#include "base/cleanup.h"
#include "base/export.h"
#include "base/file.h"
#include "desc/keys.h"
#include "desc/verify.h"

/* Where guest runtimes of this interface look for it. */
#define COMMAND_LINE_DEFAULT 0x1000

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
		{"cpu-zero", "CpuUnavailable"},
		{"cpu-missing", "CpuUnavailable"},
		{"cpu-offline", "CpuUnavailable"},
		{"cpus-few", "CpuUnavailable"},
		{"cpu-taken", "ResourceConflict"},
		{"memory-taken", "ResourceConflict"},
		{"port-taken", "ResourceConflict"},
		{"memory-short", "NoMemory"},
		{"memory-not-free", "NoMemory"},
		{"image-missing", "ImageMissing"},
		{"image-empty", "ImageMissing"},
		{"image-too-large", "ImageTooLarge"},
		{"not-readable", "Failed"},
		{"device-kept", "ResourceConflict"},
		{"port-kept", "ResourceConflict"},
		{"core-shared", "ResourceConflict"},
		{"function-taken", "ResourceConflict"},
		{"function-missing", "ResourceConflict"},
		{"function-kept", "ResourceConflict"},
		{"function-mounted", "ResourceConflict"},
		{"function-group", "ResourceConflict"},
		{"function-reserved", "ResourceConflict"},
		{"function-dma", "HardwareUnsupported"},
		{"function-reset", "HardwareUnsupported"},
		{"irq-taken", "ResourceConflict"},
		{"irq-busy", "ResourceConflict"},
		{"irq-shared", "ResourceConflict"},
		{"irq-kept", "ResourceConflict"},
	};

	for (size_t i = 0; i < ELEMENTS(names); i++)
		if (strcmp(names[i].code, code) == 0)
			return names[i].name;
	return "InvalidConfiguration";
}

int desc_verdict(cell_desc *desc)
{
	const struct cell_diag *first = diag_first_error(&desc->doc.diags);
	char text[DOCUMENT_ERROR_SIZE];

	if (desc->doc.diags.is_incomplete)
		return context_oom(desc->context);
	if (!first)
		return 0;
	return context_fail(desc->context, -EINVAL, error_name_of(first->code), "%s",
			    document_first_error(&desc->doc, text));
}

static void set_defaults(cell_desc *desc)
{
	desc->comm = UINT64_MAX; /* resolved when it is known whether a region is in the way */
	desc->flags = CELLHV_CELL_CONSOLE_VIRTUAL;
	desc->comm_revision = CELLHV_COMM_REVISION;
	desc->command_line_at = COMMAND_LINE_DEFAULT;
	desc->shutdown_timeout_ms = 5000;
}

static cell_desc *make(cell_context *context)
{
	cell_desc *desc = calloc(1, sizeof(*desc));

	if (!desc)
		return NULL;

	desc->refs = 1;
	desc->context = cell_context_ref(context);
	set_defaults(desc);
	return desc;
}

int desc_new_unreadable(cell_context *context, const char *path, int error, cell_desc **ret)
{
	cell_desc *desc = make(context);

	if (!desc || document_init_unreadable(&desc->doc, path, error) < 0) {
		cell_desc_unref(desc);
		return context_oom(context);
	}
	*ret = desc;
	return 0;
}

/* Takes text over, also where it fails. */
static int new_cell(cell_context *context, const char *path, char *text, size_t size,
		    cell_desc **ret)
{
	cell_desc *desc = make(context);

	if (!desc) {
		free(text);
		return context_oom(context);
	}
	if (document_init(&desc->doc, path, text, size) < 0 ||
	    parse_document(&desc->doc, keys_cell, desc) < 0) {
		cell_desc_unref(desc);
		return context_oom(context);
	}

	verify_desc(desc);
	if (desc->doc.diags.is_incomplete) {
		cell_desc_unref(desc);
		return context_oom(context);
	}
	diag_finish(&desc->doc.diags, true);
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
				    DOCUMENT_SIZE_MAX);
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
	r = file_load(path, DOCUMENT_SIZE_MAX, &text, &size);
	if (r < 0)
		return fail_read(context, r, path);

	r = new_cell(context, path, text, size, &desc);
	if (r < 0)
		return r;

	desc->directory = directory_of(path);
	if (!desc->directory) {
		r = -errno;
		cell_desc_unref(desc);
		return fail_read(context, r, path);
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
	r = file_load_fd(fd, DOCUMENT_SIZE_MAX, &text, &size);
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

	document_clear(&desc->doc);
	for (size_t i = 0; i < desc->n_images; i++)
		free(desc->images[i].file);
	free(desc->kernel.file);
	free(desc->kernel.initrd);
	free(desc->kernel.command_line);
	free(desc->description);
	free(desc->command_line);
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
	return desc->doc.path;
}

LIBCELL_PUBLIC unsigned cell_desc_shutdown_timeout_ms(const cell_desc *desc)
{
	return desc->shutdown_timeout_ms;
}

LIBCELL_PUBLIC bool cell_desc_destroy_on_refusal(const cell_desc *desc)
{
	return desc->destroy_on_refusal;
}

LIBCELL_PUBLIC const char *cell_desc_description(const cell_desc *desc)
{
	return desc->description ? desc->description : "";
}

LIBCELL_PUBLIC uint64_t cell_desc_memory_size(const cell_desc *desc)
{
	uint64_t size = 0;

	if (!desc_memory_known(desc))
		return 0;
	for (size_t i = 0; i < desc->n_memory; i++)
		if (!(desc->memory[i].flags & CELLHV_MEMORY_DEVICE) &&
		    __builtin_add_overflow(size, desc->memory[i].size, &size))
			return 0;
	return size;
}

LIBCELL_PUBLIC size_t cell_desc_n_diags(const cell_desc *desc)
{
	return desc->doc.diags.n;
}

LIBCELL_PUBLIC const struct cell_diag *cell_desc_diag(const cell_desc *desc, size_t index)
{
	return index < desc->doc.diags.n ? &desc->doc.diags.items[index] : NULL;
}
