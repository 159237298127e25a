// SPDX-License-Identifier: LGPL-2.1-or-later
/* ACPI tables as the kernel shows them in /sys/firmware/acpi/tables. Sections: ACPI 6.5. */
#include "host/acpi.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/range.h"
#include "host/acpi_table.h"

#define PAGE_MASK 0xfffull
#define BUS_SIZE (1ull << 20)
#define IOMMU_SIZE_MAX (512u << 10) /* struct cellhv_iommu */

/*
 * 5.2.9: PM_TMR_BLK at 76, an I/O port; PM_TMR_LEN at 91 is 4 where there is a timer. X_PM_TMR_BLK
 * at 208 (address space at its byte 0, 1 = I/O; address at 4) wins where it is not zero.
 */
static void read_fadt(const struct acpi_table *table, struct acpi *acpi)
{
	uint64_t port = acpi_field(table, 76, 4), extended = acpi_field(table, 208 + 4, 8);

	if (acpi_field(table, 91, 1) != 4)
		return;

	if (extended)
		port = acpi_field(table, 208, 1) == 1 ? extended : 0;
	if (port <= 0xfffc)
		acpi->pm_timer_port = (uint16_t)port;
}

/* Where a table names more than there is room for, the last one stands for all addresses. */
void acpi_keep(struct acpi *acpi, uint64_t start, uint64_t size, const char *what)
{
	if (!start || !size)
		return;

	if (acpi->n_kept < ACPI_KEPT_MAX)
		acpi->kept[acpi->n_kept++] = (struct acpi_kept){start, size, what};
	else
		acpi->kept[ACPI_KEPT_MAX - 1] = (struct acpi_kept){
			0, UINT64_MAX,
			"perhaps registers that keep cells apart: the firmware's "
			"tables name more of them than can be told from others"};
}

const char *acpi_kept_at(const struct acpi *acpi, uint64_t start, uint64_t size)
{
	for (size_t i = 0; i < acpi->n_kept; i++)
		if (range_overlaps(acpi->kept[i].start, acpi->kept[i].size, start, size))
			return acpi->kept[i].what;
	return NULL;
}

/*
 * PCI Firmware Specification 3.3, 4.1.2: entries of 16 bytes from 44: base of bus 0, segment at 8,
 * first and last bus at 10 and 11; 1 MiB is a bus.
 */
static void read_mcfg(const struct acpi_table *table, struct acpi *acpi)
{
	for (size_t at = 44; at + 16 <= table->size; at += 16) {
		uint64_t base = acpi_field(table, at, 8), first = acpi_field(table, at + 10, 1),
			 last = acpi_field(table, at + 11, 1);

		if (last >= first)
			acpi_keep(acpi, base + first * BUS_SIZE, (last - first + 1) * BUS_SIZE,
				  "configuration space of PCI (MMCONFIG)");
		if (acpi_field(table, at + 8, 2) != 0 || acpi->mmconfig_base ||
		    base & (BUS_SIZE - 1) || (last + 1) * BUS_SIZE > UINT64_MAX - base)
			continue;

		acpi->mmconfig_base = base;
		acpi->mmconfig_end_bus = (uint32_t)last;
	}
}

/* IA-PC HPET Specification 1.0a, 3.2.4: a generic address at 40, its address at 44; 1 KiB. */
static void read_hpet(const struct acpi_table *table, struct acpi *acpi)
{
	if (acpi_field(table, 40, 1) == 0)
		acpi_keep(acpi, acpi_field(table, 44, 8), 4096, "the HPET");
}

/* Of one unit AMD's table may have blocks of three types, each with more in it. */
static struct cellhv_iommu *same_unit(struct acpi *acpi, const struct cellhv_iommu *unit)
{
	for (size_t i = 0; i < acpi->n_iommus; i++) {
		struct cellhv_iommu *other = &acpi->iommus[i];

		if (unit->type == CELLHV_IOMMU_AMD && other->type == CELLHV_IOMMU_AMD &&
		    other->base == unit->base && other->segment == unit->segment &&
		    other->function == unit->function)
			return other;
	}
	return NULL;
}

static bool unit_is_possible(const struct acpi *acpi, const struct cellhv_iommu *unit,
			     uint64_t size)
{
	if (!unit->base || (unit->base | size) & PAGE_MASK || !size || size > IOMMU_SIZE_MAX ||
	    unit->base > UINT64_MAX - size)
		return false;

	for (size_t i = 0; i < acpi->n_iommus; i++) {
		const struct cellhv_iommu *other = &acpi->iommus[i];

		if (other != unit && range_overlaps(unit->base, size, other->base, other->size))
			return false;
	}
	return true;
}

/*
 * One that was left out would be Linux's, and so would be all that it serves: where one is wrong or
 * too many, the tables are not believed at all.
 */
void acpi_add_iommu(struct acpi *acpi, const struct cellhv_iommu *unit, uint64_t size)
{
	struct cellhv_iommu *place = same_unit(acpi, unit);

	if (!place && acpi->n_iommus < CELLHV_MAX_IOMMUS) {
		place = &acpi->iommus[acpi->n_iommus++];
		*place = *unit;
	}
	if (!place || !unit_is_possible(acpi, place, size))
		acpi->iommus_are_wrong = true;
	else if (size > place->size)
		place->size = (uint32_t)size;
}

void acpi_reserve(struct acpi *acpi, const struct acpi_reserved *reserved)
{
	if (acpi->n_reserved < ACPI_RESERVED_MAX)
		acpi->reserved[acpi->n_reserved++] = *reserved;
	else
		acpi->reserves_more = true;
}

void acpi_set_source(struct acpi *acpi, uint64_t id, uint16_t source)
{
	for (size_t i = 0; i < acpi->n_ioapics; i++)
		if (acpi->ioapics[i].id == id && !acpi->ioapics[i].source)
			acpi->ioapics[i].source = source;
}

void acpi_read(const char *root, struct acpi *ret)
{
	/* DMAR and IVRS name I/O APICs that MADT has told of. */
	static const struct {
		const char *signature;
		void (*read)(const struct acpi_table *table, struct acpi *acpi);
	} readers[] = {
		{"FACP", read_fadt},	  {"MCFG", read_mcfg},	    {"APIC", acpi_read_madt},
		{"DMAR", acpi_read_dmar}, {"IVRS", acpi_read_ivrs}, {"HPET", read_hpet},
	};

	*ret = (struct acpi){0};
	/* SDM 3A 11.11.1: writes there are interrupts, on every machine, whatever the tables say.
	 */
	acpi_keep(ret, 0xfee00000, 1 << 20, "the local APIC, or messages to one");
	for (size_t i = 0; i < ELEMENTS(readers); i++) {
		struct acpi_table table;

		if (!acpi_table_load(root, readers[i].signature, &table))
			continue;

		readers[i].read(&table, ret);
		free(table.data);
	}
}
