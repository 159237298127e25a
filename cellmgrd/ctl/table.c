// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "term.h"

void table_add(struct table *table, const char *format, ...)
{
	char **cells = reallocarray(table->cells, table->n_cells + 1, sizeof(*cells));
	va_list ap;
	int r;

	if (!cells)
		abort();
	table->cells = cells;

	va_start(ap, format);
	r = vasprintf(&cells[table->n_cells], format, ap);
	va_end(ap);
	if (r < 0)
		abort();
	table->n_cells++;
}

#define GAP 2
#define ELLIPSIS "..."
#define WIDTH_MIN 8 /* a column is not cut below this */

static void print_cell(const struct table_column *column, const char *text, int width, bool last)
{
	const char *color = column->state ? term_state_color(text) : "";
	size_t length = strlen(text);
	bool cut = length > (size_t)width;
	int shown = cut ? width - (int)strlen(ELLIPSIS) : (int)length;
	int padding = cut || last ? 0 : width - (int)length;

	/* Not within a character of UTF-8. */
	while (cut && shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80)
		shown--;
	if (column->number)
		printf("%*s", width, text);
	else
		printf("%s%.*s%s%s%*s", color, shown, text, cut ? ELLIPSIS : "",
		       *color ? term_normal() : "", padding, "");
}

/* texts: NULL for the titles. */
static void print_row(const struct table *table, size_t n, char *const *texts, const size_t *widths)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			printf("%*s", GAP, "");
		print_cell(&table->columns[i], texts ? texts[i] : table->columns[i].title,
			   (int)widths[i], i + 1 == n);
	}
	putchar('\n');
}

/* Of n columns, how many are shown: as many optional ones, which may be cut, as have room. */
static size_t choose(const struct table *table, size_t n, const size_t *widths, size_t available)
{
	size_t shown = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		bool is_optional = i + table->n_optional >= n;
		bool yields = is_optional && !table->columns[i].number && widths[i] > WIDTH_MIN;

		sum += (i > 0 ? GAP : 0) + (yields ? WIDTH_MIN : widths[i]);
		if (!is_optional || sum <= available)
			shown = i + 1;
	}
	return shown;
}

/* The widest column gives way first, one character at a time. */
static void fit(const struct table *table, size_t n, size_t *widths, size_t available)
{
	for (;;) {
		size_t sum = GAP * (n - 1), widest = 0;

		for (size_t i = 0; i < n; i++) {
			sum += widths[i];
			if (!table->columns[i].number && widths[i] > widths[widest])
				widest = i;
		}
		if (sum <= available || widths[widest] <= WIDTH_MIN)
			return;
		widths[widest]--;
	}
}

static void print_text(const struct table *table, bool legend, bool full)
{
	const size_t n = table->n_columns;
	size_t widths[n], shown = n, available = full ? 0 : term_columns();

	for (size_t i = 0; i < n; i++)
		widths[i] = legend ? strlen(table->columns[i].title) : 0;
	for (size_t i = 0; i < table->n_cells; i++)
		if (widths[i % n] < strlen(table->cells[i]))
			widths[i % n] = strlen(table->cells[i]);
	if (available > 0) {
		shown = choose(table, n, widths, available);
		fit(table, shown, widths, available);
	}

	if (legend)
		print_row(table, shown, NULL, widths);
	for (size_t i = 0; i < table->n_cells; i += n)
		print_row(table, shown, &table->cells[i], widths);
}

/* A value that is not there is a dash to people, and null to programs. */
static json_object *to_json(const struct table_column *column, const char *text)
{
	bool number = column->number && *text && strspn(text, "0123456789") == strlen(text);

	if (strcmp(text, "-") == 0)
		return NULL;
	return number ? json_object_new_uint64(strtoull(text, NULL, 10))
		      : json_object_new_string(text);
}

json_object *table_json(const struct table *table)
{
	json_object *rows = json_object_new_array();

	for (size_t i = 0; i < table->n_cells; i += table->n_columns) {
		json_object *row = json_object_new_object();

		for (size_t c = 0; c < table->n_columns; c++)
			json_object_object_add(row, table->columns[c].key,
					       to_json(&table->columns[c], table->cells[i + c]));
		json_object_array_add(rows, row);
	}
	return rows;
}

static void print_json(const struct table *table, int flags)
{
	CLEANUP_JSON json_object *rows = table_json(table);

	puts(json_object_to_json_string_ext(rows, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
}

void table_print(const struct table *table, enum table_format format, bool legend, bool full)
{
	if (format == TABLE_TEXT)
		print_text(table, legend, full);
	else
		print_json(table, format == TABLE_JSON_PRETTY ? JSON_C_TO_STRING_PRETTY
							      : JSON_C_TO_STRING_PLAIN);
}

void table_release(struct table *table)
{
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	free(table->cells);
}
