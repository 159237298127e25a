/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ACPI tables of a machine of files. */
#ifndef TESTS_ACPI_FIXTURE_H
#define TESTS_ACPI_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "sysroot.h"

static inline void put(unsigned char *table, size_t at, unsigned long long value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		table[at + i] = (unsigned char)(value >> (8 * i));
}

static inline void write_table(struct sysroot *root, const char *signature, unsigned char *table,
			       size_t length, size_t file_size)
{
	char path[64];

	memcpy(table, signature, 4);
	put(table, 4, length, 4);
	snprintf(path, sizeof(path), "/sys/firmware/acpi/tables/%s", signature);
	sysroot_write_bytes(root, path, table, file_size);
}

/* A unit of DMAR without scopes: 16 bytes. */
static inline void put_unit(unsigned char *dmar, size_t at, unsigned flags, unsigned segment,
			    unsigned long long base)
{
	put(dmar, at + 2, 16, 2);
	put(dmar, at + 4, flags, 1);
	put(dmar, at + 6, segment, 2);
	put(dmar, at + 8, base, 8);
}

/* Configuration space of a bridge, of which nothing is said but its buses. */
static inline void write_bridge(struct sysroot *root, const char *address, unsigned secondary,
				unsigned subordinate)
{
	unsigned char config[64] = {0};
	char path[96];

	put(config, 0x0e, 1, 1);
	put(config, 0x19, secondary, 1);
	put(config, 0x1a, subordinate, 1);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", address);
	sysroot_write_bytes(root, path, config, sizeof(config));
}

#endif
