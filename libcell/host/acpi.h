/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_ACPI_H
#define LIBCELL_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Registers that keep cells apart, or that Linux and the hypervisor cannot do without. */
#define ACPI_KEPT_MAX 64
struct acpi_kept {
	uint64_t start;
	uint64_t size;
	const char *what; /* "an I/O APIC" */
};

/* What six tables at fixed offsets tell; 0 and false where a table is missing or malformed. */
struct acpi {
	uint16_t pm_timer_port;	   /* FADT */
	uint64_t mmconfig_base;	   /* MCFG, segment 0 */
	uint32_t mmconfig_end_bus; /* last bus number of that window */
	uint32_t n_apics;	   /* MADT: enabled local APICs and x2APICs */
	uint64_t remapping_base;   /* DMAR: registers of the unit with all of segment 0 */
	bool has_dmar;		   /* Intel VT-d */
	bool has_ivrs;		   /* AMD-Vi */
	size_t n_kept;
	struct acpi_kept kept[ACPI_KEPT_MAX];
};

void acpi_read(const char *root, struct acpi *ret);

/* What of these the memory touches; NULL: nothing. */
const char *acpi_kept_at(const struct acpi *acpi, uint64_t start, uint64_t size);

#endif
