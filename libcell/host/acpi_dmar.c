// SPDX-License-Identifier: LGPL-2.1-or-later
/* DMAR: Intel VT-d. Sections: Virtualization Technology for Directed I/O, revision 4. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "host/acpi_table.h"
#include "host/pci_config.h"

/* 8.3.1: types of what a scope names. */
#define SCOPE_BRIDGE 2 /* and all below it */
#define SCOPE_IOAPIC 3

struct scope {
	uint8_t type;
	uint8_t id;	/* of an I/O APIC */
	uint16_t first; /* bus << 8 | device << 3 | function */
	uint16_t last;
};

/*
 * 8.3.1: {type, length, -, -, enumeration id, start bus} and from 6 on a path of {device,
 * function}: each but the last is a bridge, and the next one is on its secondary bus. false: what
 * it leads to is not there.
 */
static bool read_scope(const struct acpi_table *table, size_t at, size_t length, uint16_t segment,
		       struct scope *ret)
{
	uint64_t bus = acpi_field(table, at + 5, 1);
	struct pci_buses buses = {0};
	uint16_t function = 0;

	for (size_t hop = 6; hop + 2 <= length; hop += 2) {
		if (hop > 6) {
			if (!pci_config_buses(table->root, segment, function, &buses))
				return false;
			bus = buses.secondary;
		}
		function = (uint16_t)(bus << 8 | (acpi_field(table, at + hop, 1) & 31) << 3 |
				      (acpi_field(table, at + hop + 1, 1) & 7));
	}
	*ret = (struct scope){(uint8_t)acpi_field(table, at, 1),
			      (uint8_t)acpi_field(table, at + 4, 1), function, function};
	if (ret->type == SCOPE_BRIDGE && pci_config_buses(table->root, segment, function, &buses))
		ret->last = (uint16_t)(buses.subordinate << 8 | 0xff);
	return true;
}

typedef void (*scope_fn)(struct acpi *acpi, const struct scope *scope,
			 const struct acpi_reserved *memory);

static void for_each_scope(const struct acpi_table *table, size_t at, size_t end,
			   const struct acpi_reserved *memory, scope_fn fn, struct acpi *acpi)
{
	while (at + 8 <= end) {
		uint64_t length = acpi_field(table, at + 1, 1);
		struct scope scope;

		if (length < 8 || at + length > end)
			return;
		if (read_scope(table, at, length, memory->segment, &scope))
			fn(acpi, &scope, memory);
		at += length;
	}
}

static void note_ioapic(struct acpi *acpi, const struct scope *scope,
			const struct acpi_reserved *memory)
{
	(void)memory;
	if (scope->type == SCOPE_IOAPIC)
		acpi_set_source(acpi, scope->id, scope->first);
}

/*
 * 8.3: INCLUDE_PCI_ALL in bit 0 of the flags at 4, 2^N pages of registers at 5, the segment at 6,
 * the address of its registers at 8, scopes from 16.
 */
static void read_unit(const struct acpi_table *table, size_t at, size_t length, struct acpi *acpi)
{
	struct cellhv_iommu unit = {
		.base = acpi_field(table, at + 8, 8),
		.type = CELLHV_IOMMU_VTD,
		.segment = (uint16_t)acpi_field(table, at + 6, 2),
	};
	const struct acpi_reserved none = {.segment = unit.segment};
	uint64_t size = 4096ull << (acpi_field(table, at + 5, 1) & 15);

	acpi_keep(acpi, unit.base & ~0xfffull, size, "an IOMMU");
	acpi_add_iommu(acpi, &unit, size);
	if (unit.segment == 0)
		for_each_scope(table, at + 16, at + length, &none, note_ioapic, acpi);
}

static void note_reserved(struct acpi *acpi, const struct scope *scope,
			  const struct acpi_reserved *memory)
{
	struct acpi_reserved reserved = *memory;

	reserved.first = scope->first;
	reserved.last = scope->last;
	acpi_reserve(acpi, &reserved);
}

/* 8.4: the segment at 6, first and last byte at 8 and 16, scopes from 24. */
static void read_reserved(const struct acpi_table *table, size_t at, size_t length,
			  struct acpi *acpi)
{
	uint64_t start = acpi_field(table, at + 8, 8), last = acpi_field(table, at + 16, 8);
	const struct acpi_reserved memory = {
		.start = start,
		.size = last - start + 1,
		.segment = (uint16_t)acpi_field(table, at + 6, 2),
	};

	if (length >= 24)
		for_each_scope(table, at + 24, at + length, &memory, note_reserved, acpi);
}

/* Where no unit of segment 0 has all, it is the only one that counts. */
static void choose_unit_of_all(struct acpi *acpi, uint64_t with_all)
{
	uint64_t base = 0;
	size_t n = 0;

	for (size_t i = 0; i < acpi->n_iommus; i++)
		if (acpi->iommus[i].type == CELLHV_IOMMU_VTD && acpi->iommus[i].segment == 0) {
			base = acpi->iommus[i].base;
			n++;
		}
	if (with_all || n == 1)
		acpi->remapping_base = with_all ?: base;
}

/* 8.1 and 8.3: structures {type, length} from 48. */
void acpi_read_dmar(const struct acpi_table *table, struct acpi *acpi)
{
	uint64_t with_all = 0;
	size_t at = 48;

	acpi->has_dmar = true;
	while (at + 16 <= table->size) {
		uint64_t type = acpi_field(table, at, 2), length = acpi_field(table, at + 2, 2);

		if (length < 16 || at + length > table->size) {
			acpi->iommus_are_wrong = true;
			break;
		}
		if (type == 0)
			read_unit(table, at, length, acpi);
		if (type == 0 && acpi_field(table, at + 6, 2) == 0 &&
		    acpi_field(table, at + 4, 1) & 1)
			with_all = acpi_field(table, at + 8, 8) & ~0xfffull;
		if (type == 1)
			read_reserved(table, at, length, acpi);
		at += length;
	}
	choose_unit_of_all(acpi, with_all);
}
