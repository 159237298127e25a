// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/acpi_table.h"

#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define TABLE_MAX (1u << 20)
#define HEADER_SIZE 36 /* 5.2.6: signature, length at 4, ... */

uint64_t acpi_field(const struct acpi_table *table, size_t offset, size_t width)
{
	uint64_t value = 0;

	if (offset + width > table->size)
		return 0;

	memcpy(&value, table->data + offset, width);
	return le64toh(value);
}

/* The file may be longer than the table says, never shorter. */
bool acpi_table_load(const char *root, const char *signature, struct acpi_table *ret)
{
	struct acpi_table table = {.root = root};
	char path[PATH_MAX];
	uint64_t length;

	if (file_path(path, root, "/sys/firmware/acpi/tables/%s", signature) < 0 ||
	    file_load(path, TABLE_MAX, &table.data, &table.size) < 0)
		return false;

	length = acpi_field(&table, 4, 4);
	if (length < HEADER_SIZE || length > table.size ||
	    memcmp(table.data, signature, strlen(signature)) != 0) {
		free(table.data);
		return false;
	}
	table.size = length;
	*ret = table;
	return true;
}
