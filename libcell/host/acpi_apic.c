// SPDX-License-Identifier: LGPL-2.1-or-later
/* MADT, signature "APIC": who takes interrupts. Sections: ACPI 6.5. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "host/acpi_table.h"

#define PAGE_MASK 0xfffull

/* 5.2.12.2 and 5.2.12.12: enabled is bit 0 of the flags, at 4, or at 8 of an x2APIC. */
static void read_apic(const struct acpi_table *table, size_t at, struct acpi *acpi)
{
	if (acpi_field(table, at + 4, 4) & 1)
		acpi->n_apics++;
}

static void read_x2apic(const struct acpi_table *table, size_t at, struct acpi *acpi)
{
	if (acpi_field(table, at + 8, 4) & 1)
		acpi->n_apics++;
}

static bool ioapic_is_possible(const struct acpi *acpi, uint64_t base)
{
	if (!base || base & PAGE_MASK || acpi->n_ioapics == CELLHV_MAX_IOAPICS)
		return false;

	for (size_t i = 0; i < acpi->n_ioapics; i++)
		if (acpi->ioapics[i].base == base)
			return false;
	return true;
}

/* 5.2.12.3: its id at 2, its address at 4, the number of its pin 0 at 8. */
static void read_ioapic(const struct acpi_table *table, size_t at, struct acpi *acpi)
{
	uint64_t base = acpi_field(table, at + 4, 4);

	acpi_keep(acpi, base & ~PAGE_MASK, 4096, "an I/O APIC");
	if (!ioapic_is_possible(acpi, base)) {
		acpi->ioapics_are_wrong = true;
		return;
	}
	acpi->ioapics[acpi->n_ioapics++] = (struct cellhv_ioapic){
		.base = base,
		.gsi_base = (uint32_t)acpi_field(table, at + 8, 4),
		.id = (uint16_t)acpi_field(table, at + 2, 1),
	};
}

/*
 * 5.2.12.5: bus 0 (ISA) at 2, the interrupt there at 3, its number at 4, and flags at 8: polarity
 * in bits 0-1, trigger in bits 2-3; 3: low, level; 0: as usual on that bus, which is high and edge.
 */
static void read_override(const struct acpi_table *table, size_t at, struct acpi *acpi)
{
	uint64_t irq = acpi_field(table, at + 3, 1), flags = acpi_field(table, at + 8, 2);

	if (acpi_field(table, at + 2, 1) != 0 || irq >= ACPI_ISA_IRQS)
		return;

	acpi->isa_irqs[irq] = (struct acpi_isa_irq){
		.gsi = (uint32_t)acpi_field(table, at + 4, 4),
		.flags = (uint16_t)(((flags & 3) == 3 ? CELLHV_PIN_LOW : 0) |
				    ((flags >> 2 & 3) == 3 ? CELLHV_PIN_LEVEL : 0)),
	};
}

/* 5.2.12.8: where the local APICs really are, at 4. */
static void read_apic_address(const struct acpi_table *table, size_t at, struct acpi *acpi)
{
	acpi_keep(acpi, acpi_field(table, at + 4, 8), 4096, "the local APIC");
}

/* 5.2.12: the local APICs' address at 36; entries {type, length} from 44. */
void acpi_read_madt(const struct acpi_table *table, struct acpi *acpi)
{
	static const struct {
		uint8_t type;
		uint8_t length; /* at least */
		void (*read)(const struct acpi_table *table, size_t at, struct acpi *acpi);
	} readers[] = {
		{0, 8, read_apic},	    {1, 12, read_ioapic}, {2, 10, read_override},
		{5, 12, read_apic_address}, {9, 16, read_x2apic},
	};
	size_t at = 44;

	for (unsigned irq = 0; irq < ACPI_ISA_IRQS; irq++)
		acpi->isa_irqs[irq].gsi = irq;
	acpi_keep(acpi, acpi_field(table, 36, 4), 4096, "the local APIC");
	while (at + 2 <= table->size) {
		uint64_t type = acpi_field(table, at, 1), length = acpi_field(table, at + 1, 1);

		if (length < 2 || at + length > table->size)
			return;

		for (size_t i = 0; i < ELEMENTS(readers); i++)
			if (readers[i].type == type && length >= readers[i].length)
				readers[i].read(table, at, acpi);
		at += length;
	}
}
