// SPDX-License-Identifier: LGPL-2.1-or-later
/* IVRS: AMD-Vi. Sections: AMD I/O Virtualization Technology, 48882, revision 3. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "host/acpi_table.h"

#define REGISTERS (16u << 10)
#define REGISTERS_WITH_COUNTERS (512u << 10)

/* 5.2.2.5: of the entries of 8 bytes the one for what is no PCI function; its handle at 4, the
 * requester id at 5, and what it is at 7. */
#define ENTRY_SPECIAL 72
#define SPECIAL_IOAPIC 1

/* 5.2.2.2: 4 bytes below type 64, 8 below 128; of ACPI names, 240, the length of the last field is
 * at 21. 0: an entry that no edition has. */
static size_t entry_size(const struct acpi_table *table, size_t at)
{
	uint64_t type = acpi_field(table, at, 1);

	if (type < 128)
		return type < 64 ? 4 : 8;
	return type == 240 ? 22 + acpi_field(table, at + 21, 1) : 0;
}

static void read_entries(const struct acpi_table *table, size_t at, size_t end, struct acpi *acpi)
{
	while (at + 4 <= end) {
		size_t size = entry_size(table, at);

		if (!size || at + size > end)
			return;
		if (acpi_field(table, at, 1) == ENTRY_SPECIAL &&
		    acpi_field(table, at + 7, 1) == SPECIAL_IOAPIC)
			acpi_set_source(acpi, acpi_field(table, at + 4, 1),
					(uint16_t)acpi_field(table, at + 5, 2));
		at += size;
	}
}

/*
 * 5.2.2.1: of type 10h counters are told by bits 13-16 and 17-22 at 20, of the others by bit 9 at
 * 24, as in the register (3.4.13). Their registers need the larger window.
 */
static uint64_t unit_size(const struct acpi_table *table, size_t at, uint64_t type)
{
	uint64_t features = acpi_field(table, at + 20, 4);
	bool has_counters = type == 0x10 ? features >> 13 & 15 && features >> 17 & 63
					 : acpi_field(table, at + 24, 8) >> 9 & 1;

	return has_counters ? REGISTERS_WITH_COUNTERS : REGISTERS;
}

/* 5.2.2.1: the unit's own function at 4, its registers at 8, the segment at 16, entries from 24 or
 * 40. What no cell gets is as large as the address allows. */
static void read_unit(const struct acpi_table *table, size_t at, size_t length, struct acpi *acpi)
{
	uint64_t type = acpi_field(table, at, 1);
	size_t header = type == 0x10 ? 24 : 40;
	struct cellhv_iommu unit = {
		.base = acpi_field(table, at + 8, 8),
		.type = CELLHV_IOMMU_AMD,
		.segment = (uint16_t)acpi_field(table, at + 16, 2),
		.function = (uint16_t)acpi_field(table, at + 4, 2),
	};

	acpi_keep(acpi, unit.base,
		  unit.base % REGISTERS_WITH_COUNTERS ? REGISTERS : REGISTERS_WITH_COUNTERS,
		  "an IOMMU");
	if (length < header) {
		acpi->iommus_are_wrong = true;
		return;
	}
	acpi_add_iommu(acpi, &unit, unit_size(table, at, type));
	if (unit.segment == 0)
		read_entries(table, at + header, at + length, acpi);
}

/*
 * 5.2.2.8: of memory, for all functions (20h), one (21h), or those from one to another (22h): at 4
 * the first, at 6 the last; at 16 its address, at 24 its size.
 */
static void read_reserved(const struct acpi_table *table, size_t at, size_t length,
			  struct acpi *acpi)
{
	uint64_t type = acpi_field(table, at, 1);
	struct acpi_reserved reserved = {
		.start = acpi_field(table, at + 16, 8),
		.size = acpi_field(table, at + 24, 8),
		.first = (uint16_t)acpi_field(table, at + 4, 2),
	};

	if (length < 32 || !reserved.size)
		return;

	reserved.last = reserved.first;
	if (type == 0x20)
		reserved.first = 0;
	if (type == 0x20)
		reserved.last = 0xffff;
	if (type == 0x22)
		reserved.last = (uint16_t)acpi_field(table, at + 6, 2);
	acpi_reserve(acpi, &reserved);
}

/* 5.2.2: blocks {type, flags, length at 2} from 48. */
void acpi_read_ivrs(const struct acpi_table *table, struct acpi *acpi)
{
	static const struct {
		uint8_t first;
		uint8_t last;
		void (*read)(const struct acpi_table *table, size_t at, size_t length,
			     struct acpi *acpi);
	} readers[] = {
		{0x10, 0x11, read_unit}, {0x40, 0x40, read_unit}, {0x20, 0x22, read_reserved}};
	size_t at = 48;

	acpi->has_ivrs = true;
	while (at + 4 <= table->size) {
		uint64_t type = acpi_field(table, at, 1), length = acpi_field(table, at + 2, 2);

		if (length < 4 || at + length > table->size) {
			acpi->iommus_are_wrong = true;
			return;
		}
		for (size_t i = 0; i < ELEMENTS(readers); i++)
			if (type >= readers[i].first && type <= readers[i].last)
				readers[i].read(table, at, length, acpi);
		at += length;
	}
}
