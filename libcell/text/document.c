// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "text/json.h"

int document_init(struct document *document, const char *path, char *text, size_t size)
{
	*document = (struct document){.path = strdup(path), .text = text, .size = size};
	if (document->path && document->text)
		return 0;

	document_clear(document);
	return -ENOMEM;
}

int document_init_unreadable(struct document *document, const char *path, int error)
{
	char message[128];
	int r;

	r = document_init(document, path, strdup(""), 0);
	if (r < 0)
		return r;

	if (error == -EFBIG)
		snprintf(message, sizeof(message), "this file is larger than %d bytes",
			 DOCUMENT_SIZE_MAX);
	else
		snprintf(message, sizeof(message), "this file cannot be read: %s",
			 error == -ENOENT ? "what the link points at is not there"
					  : file_error(error));
	diag_add(&document->diags, &(struct cell_diag){.severity = CELL_ERROR,
						       .code = "not-readable",
						       .file = path,
						       .pointer = "",
						       .message = message});
	diag_finish(&document->diags, true);
	return document->diags.is_incomplete ? -ENOMEM : 0;
}

void document_clear(struct document *document)
{
	diag_clear(&document->diags);
	free(document->text);
	free(document->path);
	*document = (struct document){0};
}

static void report(struct document *document, struct cell_diag diag, bool at_key,
		   const char *format, va_list args)
{
	struct json_position position = {0, 0};
	char message[512];

	/* Those that are too many are not shown, and looking for their places takes time. */
	if (document->diags.n_errors <= DIAG_ERRORS_MAX)
		json_locate(document->text, diag.pointer, at_key, &position);
	vsnprintf(message, sizeof(message), format, args);
	diag.file = document->path;
	diag.line = position.line;
	diag.column = position.column;
	diag.message = message;
	diag_add(&document->diags, &diag);
}

void document_report(struct document *document, enum cell_severity severity, const char *code,
		     const char *pointer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(document, (struct cell_diag){.severity = severity, .code = code, .pointer = pointer},
	       false, format, args);
	va_end(args);
}

void document_report_key(struct document *document, const char *code, const char *pointer,
			 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(document,
	       (struct cell_diag){.severity = CELL_ERROR, .code = code, .pointer = pointer}, true,
	       format, args);
	va_end(args);
}

void document_report_at(struct document *document, enum cell_severity severity, const char *code,
			const char *pointer, size_t offset, const char *message)
{
	struct json_position position = json_position_of(document->text, offset);

	diag_add(&document->diags, &(struct cell_diag){
					   .severity = severity,
					   .code = code,
					   .file = document->path,
					   .pointer = pointer,
					   .line = position.line,
					   .column = position.column,
					   .message = message,
				   });
}

const char *document_pointer(char buffer[DOCUMENT_POINTER_SIZE], const char *array, size_t index,
			     const char *member)
{
	snprintf(buffer, DOCUMENT_POINTER_SIZE, "/%s/%zu%s%s", array, index, *member ? "/" : "",
		 member);
	return buffer;
}

bool document_is_bad(const struct document *document, const char *array, size_t index,
		     const char *member)
{
	char pointer[DOCUMENT_POINTER_SIZE];

	return diag_has_error_at(&document->diags, document_pointer(pointer, array, index, member));
}

const char *document_first_error(const struct document *document, char text[DOCUMENT_ERROR_SIZE])
{
	const struct cell_diag *first = diag_first_error(&document->diags);
	char place[32] = "", more[48] = "";

	if (first->line)
		snprintf(place, sizeof(place), ":%u:%u", first->line, first->column);
	if (document->diags.n_errors > 1)
		snprintf(more, sizeof(more), " (and %zu more error%s)",
			 document->diags.n_errors - 1, document->diags.n_errors > 2 ? "s" : "");
	snprintf(text, DOCUMENT_ERROR_SIZE, "%s%s: %s%s%s%s", first->file, place, first->pointer,
		 *first->pointer ? ": " : "", first->message, more);
	return text;
}
