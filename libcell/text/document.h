/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of JSON that an administrator writes, and all that is wrong with it. */
#ifndef LIBCELL_DOCUMENT_H
#define LIBCELL_DOCUMENT_H

#include "text/diag.h"

#define DOCUMENT_SIZE_MAX 65536 /* bytes of JSON */

struct document {
	char *path;
	char *text;
	size_t size;
	struct diag_list diags; /* marked behind those of reading */
};

/* Takes text over, also where it fails. text: NULL is -ENOMEM, too. */
int document_init(struct document *document, const char *path, char *text, size_t size);

/* One that says nothing, but why the file cannot be read. -ENOMEM, which is to be cleared. */
int document_init_unreadable(struct document *document, const char *path, int error);
void document_clear(struct document *document);

/* Adds a diagnostic at the value (or at its key, or at an offset) that the pointer names. */
void document_report(struct document *document, enum cell_severity severity, const char *code,
		     const char *pointer, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void document_report_key(struct document *document, const char *code, const char *pointer,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));
void document_report_at(struct document *document, enum cell_severity severity, const char *code,
			const char *pointer, size_t offset, const char *message);

/* "/memory/2/size" from "memory", 2, "size" (which may be ""). */
#define DOCUMENT_POINTER_SIZE 64
const char *document_pointer(char buffer[DOCUMENT_POINTER_SIZE], const char *array, size_t index,
			     const char *member);

/* Is there an error at what document_pointer() would name? Then its value is unknown. */
bool document_is_bad(const struct document *document, const char *array, size_t index,
		     const char *member);

/* The first of the errors that there are, with its place and how many more follow, for a sentence.
 */
#define DOCUMENT_ERROR_SIZE 768
const char *document_first_error(const struct document *document, char text[DOCUMENT_ERROR_SIZE]);

#endif
