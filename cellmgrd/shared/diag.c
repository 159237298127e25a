// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "diag.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "printable.h"

const char *diag_severity(const struct cell_diag *diag)
{
	static const char *const severities[] = {
		[CELL_ERROR] = "error",
		[CELL_WARNING] = "warning",
		[CELL_NOTE] = "note",
	};

	return severities[diag->severity];
}

const struct cell_diag *diag_first_error(const cell_desc *desc)
{
	for (size_t i = 0; i < cell_desc_n_diags(desc); i++)
		if (cell_desc_diag(desc, i)->severity == CELL_ERROR)
			return cell_desc_diag(desc, i);

	return NULL;
}

/* A pipe has been read by now, and would keep us waiting. */
static FILE *open_source(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	FILE *f = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		f = fdopen(fd, "r");
	if (!f)
		close(fd);
	return f;
}

/* Tabs are repeated, so that the caret stands below its character at any tab width. */
static void print_caret(FILE *out, char *line, unsigned column)
{
	CLEANUP_FREE char *before = NULL;

	line[column - 1] = '\0';
	before = printable_copy(line);
	fputs("      | ", out);
	for (const char *c = before; c && *c; c++)
		if ((*c & 0xc0) != 0x80)
			fputc(*c == '\t' ? '\t' : ' ', out);
	fputs("^\n", out);
}

/* The text is whoever's: it shall not drive the terminal. */
static void print_source_line(FILE *out, const struct cell_diag *diag)
{
	CLEANUP_FCLOSE FILE *f = diag->line ? open_source(diag->file) : NULL;
	CLEANUP_FREE char *line = NULL, *shown = NULL;
	size_t size = 0;

	if (!f)
		return;

	for (unsigned i = 0; i < diag->line; i++)
		if (getline(&line, &size, f) < 0)
			return;
	if (!line)
		return;

	line[strcspn(line, "\r\n")] = '\0';
	shown = printable_copy(line);
	fprintf(out, "%5u | %s\n", diag->line, shown ? shown : "");
	if (diag->column > 0 && diag->column <= strlen(line))
		print_caret(out, line, diag->column);
}

static void print_one(FILE *out, const struct cell_diag *diag)
{
	const char *pointer = diag->pointer ? diag->pointer : "";

	fputs(diag->file, out);
	if (diag->line)
		fprintf(out, ":%u:%u", diag->line, diag->column);
	fprintf(out, ": %s: %s%s%s\n", diag_severity(diag), pointer, *pointer ? ": " : "",
		diag->message);
	print_source_line(out, diag);
}

void diag_print(FILE *out, const cell_desc *desc)
{
	for (size_t i = 0; i < cell_desc_n_diags(desc); i++)
		print_one(out, cell_desc_diag(desc, i));
}

void diag_print_host(FILE *out, const cell_host *host)
{
	for (size_t i = 0; i < cell_host_n_diags(host); i++)
		print_one(out, cell_host_diag(host, i));
}
