// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"

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

static void print_row(const struct table *table, const char *const *texts, const size_t *widths)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		int width = (int)widths[i];

		if (i > 0)
			fputs("  ", stdout);
		if (table->columns[i].number)
			printf("%*s", width, texts[i]);
		else if (i + 1 < table->n_columns)
			printf("%-*s", width, texts[i]);
		else
			fputs(texts[i], stdout);
	}
	putchar('\n');
}

static void print_text(const struct table *table, bool legend)
{
	const char *titles[table->n_columns];
	size_t widths[table->n_columns];

	for (size_t i = 0; i < table->n_columns; i++) {
		titles[i] = table->columns[i].title;
		widths[i] = legend ? strlen(titles[i]) : 0;
	}
	for (size_t i = 0; i < table->n_cells; i++)
		if (widths[i % table->n_columns] < strlen(table->cells[i]))
			widths[i % table->n_columns] = strlen(table->cells[i]);

	if (legend)
		print_row(table, titles, widths);
	for (size_t i = 0; i < table->n_cells; i += table->n_columns)
		print_row(table, (const char *const *)&table->cells[i], widths);
}

static json_object *to_json(const struct table_column *column, const char *text)
{
	bool number = column->number && *text && strspn(text, "0123456789") == strlen(text);

	return number ? json_object_new_uint64(strtoull(text, NULL, 10))
		      : json_object_new_string(text);
}

static void print_json(const struct table *table, int flags)
{
	CLEANUP_JSON json_object *rows = json_object_new_array();

	for (size_t i = 0; i < table->n_cells; i += table->n_columns) {
		json_object *row = json_object_new_object();

		for (size_t c = 0; c < table->n_columns; c++)
			json_object_object_add(row, table->columns[c].key,
					       to_json(&table->columns[c], table->cells[i + c]));
		json_object_array_add(rows, row);
	}

	puts(json_object_to_json_string_ext(rows, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
}

void table_print(const struct table *table, enum table_format format, bool legend)
{
	if (format == TABLE_TEXT)
		print_text(table, legend);
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
