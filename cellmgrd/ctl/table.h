/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of text that print as aligned columns or as JSON. On a terminal the widest columns are cut
 * until a row fits, unless `full` is asked for; before a name or a state is cut, the last columns
 * that are optional are left out. A column of states is coloured.
 */
#ifndef CELLMGRD_TABLE_H
#define CELLMGRD_TABLE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

enum table_format { TABLE_TEXT, TABLE_JSON_PRETTY, TABLE_JSON_SHORT };

struct table_column {
	const char *title;
	const char *key; /* of the JSON member */
	bool number;	 /* flush right; a JSON number where the text is one */
	bool state;	 /* coloured by what it says */
};

struct table {
	const struct table_column *columns;
	size_t n_columns;
	size_t n_optional; /* of them, the last ones */
	char **cells;	   /* row by row */
	size_t n_cells;
};

/* Adds one cell, left to right, row after row. */
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_print(const struct table *table, enum table_format format, bool legend, bool full);

/* An array of objects, one for each row, which the caller puts. */
json_object *table_json(const struct table *table);
void table_release(struct table *table);

#endif
