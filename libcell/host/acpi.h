/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_ACPI_H
#define LIBCELL_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cellhv/config.h>

/* Registers that keep cells apart, or that Linux and the hypervisor cannot do without. */
#define ACPI_KEPT_MAX 128
struct acpi_kept {
	uint64_t start;
	uint64_t size;
	const char *what; /* "an I/O APIC" */
};

/* Memory that firmware has told functions to use, whoever has them (RMRR, IVMD). */
#define ACPI_RESERVED_MAX 128
struct acpi_reserved {
	uint64_t start;
	uint64_t size;
	uint16_t segment;
	uint16_t first; /* bus << 8 | device << 3 | function */
	uint16_t last;
};

/* An ISA interrupt that does not have its own number as pin, or not its usual signal. */
#define ACPI_ISA_IRQS 16
struct acpi_isa_irq {
	uint32_t gsi;
	uint16_t flags; /* CELLHV_PIN_* */
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
	bool iommus_are_wrong;	   /* there are more, or some are impossible */
	bool ioapics_are_wrong;
	bool reserves_more; /* than `reserved` has */
	size_t n_iommus;
	size_t n_ioapics;
	size_t n_reserved;
	size_t n_kept;
	struct cellhv_iommu iommus[CELLHV_MAX_IOMMUS];	  /* DMAR and IVRS, of all segments */
	struct cellhv_ioapic ioapics[CELLHV_MAX_IOAPICS]; /* MADT, DMAR, IVRS */
	struct acpi_isa_irq isa_irqs[ACPI_ISA_IRQS];
	struct acpi_reserved reserved[ACPI_RESERVED_MAX];
	struct acpi_kept kept[ACPI_KEPT_MAX];
};

void acpi_read(const char *root, struct acpi *ret);

/* What of these the memory touches; NULL: nothing. */
const char *acpi_kept_at(const struct acpi *acpi, uint64_t start, uint64_t size);

#endif
