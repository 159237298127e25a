/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An ACPI table, as the kernel shows it in a file. What is read behind its end is 0. */
#ifndef LIBCELL_ACPI_TABLE_H
#define LIBCELL_ACPI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/acpi.h"

struct acpi_table {
	const char *root; /* whose machine it is of */
	char *data;
	size_t size; /* bytes, with its header */
};

/* For free() of ret->data. false: there is none, or it is cut off. */
bool acpi_table_load(const char *root, const char *signature, struct acpi_table *ret);

uint64_t acpi_field(const struct acpi_table *table, size_t offset, size_t width);

/* Registers that no cell gets. */
void acpi_keep(struct acpi *acpi, uint64_t start, uint64_t size, const char *what);

/* What the other files read: acpi_apic.c, acpi_dmar.c, acpi_ivrs.c. */
void acpi_read_madt(const struct acpi_table *table, struct acpi *acpi);
void acpi_read_dmar(const struct acpi_table *table, struct acpi *acpi);
void acpi_read_ivrs(const struct acpi_table *table, struct acpi *acpi);

/* A unit is found, once or again; `units_are_wrong` where it cannot be one. */
void acpi_add_iommu(struct acpi *acpi, const struct cellhv_iommu *unit, uint64_t size);

/* Memory that functions first .. last of a segment go on using, as firmware has told them. */
void acpi_reserve(struct acpi *acpi, const struct acpi_reserved *reserved);

/* The interrupts of this I/O APIC come from there. */
void acpi_set_source(struct acpi *acpi, uint64_t id, uint16_t source);

#endif
