// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "diag.h"

#include <string.h>

#include "cleanup.h"

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

static void print_source_line(FILE *out, const struct cell_diag *diag)
{
	CLEANUP_FCLOSE FILE *f = diag->line ? fopen(diag->file, "re") : NULL;
	CLEANUP_FREE char *line = NULL;
	size_t size = 0;

	if (!f)
		return;

	for (unsigned i = 0; i < diag->line; i++)
		if (getline(&line, &size, f) < 0)
			return;
	if (!line)
		return;

	line[strcspn(line, "\n")] = '\0';
	fprintf(out, "%5u | %s\n", diag->line, line);
	if (diag->column == 0 || diag->column > strlen(line))
		return;

	/* Tabs are repeated, so that the caret stands below its character at any tab width. */
	fputs("      | ", out);
	for (unsigned i = 0; i + 1 < diag->column; i++)
		fputc(line[i] == '\t' ? '\t' : ' ', out);
	fputs("^\n", out);
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
