// SPDX-License-Identifier: LGPL-2.1-or-later
/* ACPI tables as the kernel shows them in /sys/firmware/acpi/tables. Sections: ACPI 6.5. */
#include "host/acpi.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/range.h"

#define TABLE_MAX (1u << 20)
#define HEADER_SIZE 36 /* 5.2.6: signature, length at 4, ... */

struct table {
	char *data;
	size_t size; /* bytes, at least HEADER_SIZE */
};

static uint64_t field(const struct table *table, size_t offset, size_t width)
{
	uint64_t value = 0;

	if (offset + width > table->size)
		return 0;

	memcpy(&value, table->data + offset, width);
	return le64toh(value);
}

/* The file may be longer than the table says, never shorter. */
static bool load(const char *root, const char *signature, struct table *ret)
{
	char path[PATH_MAX];
	struct table table;
	uint64_t length;

	if (file_path(path, root, "/sys/firmware/acpi/tables/%s", signature) < 0 ||
	    file_load(path, TABLE_MAX, &table.data, &table.size) < 0)
		return false;

	length = field(&table, 4, 4);
	if (length < HEADER_SIZE || length > table.size ||
	    memcmp(table.data, signature, strlen(signature)) != 0) {
		free(table.data);
		return false;
	}
	table.size = length;
	*ret = table;
	return true;
}

/*
 * 5.2.9: PM_TMR_BLK at 76, an I/O port; PM_TMR_LEN at 91 is 4 where there is a timer. X_PM_TMR_BLK
 * at 208 (address space at its byte 0, 1 = I/O; address at 4) wins where it is not zero.
 */
static void read_fadt(const struct table *table, struct acpi *acpi)
{
	uint64_t port = field(table, 76, 4), extended = field(table, 208 + 4, 8);

	if (field(table, 91, 1) != 4)
		return;

	if (extended)
		port = field(table, 208, 1) == 1 ? extended : 0;
	if (port <= 0xfffc)
		acpi->pm_timer_port = (uint16_t)port;
}

static void keep(struct acpi *acpi, uint64_t start, uint64_t size, const char *what)
{
	if (start && acpi->n_kept < ACPI_KEPT_MAX)
		acpi->kept[acpi->n_kept++] = (struct acpi_kept){start, size, what};
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
static void read_mcfg(const struct table *table, struct acpi *acpi)
{
	for (size_t at = 44; at + 16 <= table->size; at += 16) {
		uint64_t base = field(table, at, 8), first = field(table, at + 10, 1),
			 last = field(table, at + 11, 1);

		if (last >= first)
			keep(acpi, base + (first << 20), (last - first + 1) << 20,
			     "configuration space of PCI (MMCONFIG)");
		if (field(table, at + 8, 2) != 0 || acpi->mmconfig_base)
			continue;

		acpi->mmconfig_base = base;
		acpi->mmconfig_end_bus = (uint32_t)last;
	}
}

/* IA-PC HPET Specification 1.0a, 3.2.4: a generic address at 40, its address at 44; 1 KiB. */
static void read_hpet(const struct table *table, struct acpi *acpi)
{
	if (field(table, 40, 1) == 0)
		keep(acpi, field(table, 44, 8), 4096, "the HPET");
}

/*
 * 5.2.12: the local APICs' address at 36; entries {type, length} from 44; type 0 has its flags at
 * 4, type 9 (x2APIC) at 8; type 1 is an I/O APIC, its address at 4; type 5 has another address of
 * the local APICs at 4.
 */
static void read_madt(const struct table *table, struct acpi *acpi)
{
	size_t at = 44;

	keep(acpi, field(table, 36, 4), 4096, "the local APIC");
	while (at + 2 <= table->size) {
		uint64_t type = field(table, at, 1), length = field(table, at + 1, 1);

		if (length < 2 || at + length > table->size)
			return;

		if ((type == 0 && field(table, at + 4, 4) & 1) ||
		    (type == 9 && field(table, at + 8, 4) & 1))
			acpi->n_apics++;
		if (type == 1 && length >= 8)
			keep(acpi, field(table, at + 4, 4), 4096, "an I/O APIC");
		if (type == 5 && length >= 12)
			keep(acpi, field(table, at + 4, 8), 4096, "the local APIC");
		at += length;
	}
}

/*
 * VT-d 8.1 and 8.3: structures {type, length} from 48; type 0 is a unit, with INCLUDE_PCI_ALL in
 * bit 0 of its flags at 4, 2^N pages of registers at 5, the segment at 6, the address of its
 * registers at 8. Where no unit has all, it is the only one that counts.
 */
static void read_dmar(const struct table *table, struct acpi *acpi)
{
	uint64_t base = 0, all = 0;
	size_t at = 48, n_units = 0;

	acpi->has_dmar = true;
	while (at + 16 <= table->size) {
		uint64_t length = field(table, at + 2, 2);

		if (length < 4 || at + length > table->size)
			break;
		if (field(table, at, 2) == 0 && length >= 16)
			keep(acpi, field(table, at + 8, 8) & ~0xfffull,
			     4096ull << (field(table, at + 5, 1) & 15), "an IOMMU");
		if (field(table, at, 2) == 0 && length >= 16 && field(table, at + 6, 2) == 0) {
			base = field(table, at + 8, 8) & ~0xfffull;
			n_units++;
			if (field(table, at + 4, 1) & 1)
				all = base;
		}
		at += length;
	}
	if (all || n_units == 1)
		acpi->remapping_base = all ?: base;
}

/*
 * AMD I/O Virtualization Technology 3.05, 5.2.2: blocks {type, flags, length at 2} from 48; of
 * types 10h, 11h and 40h the address of the registers is at 8. They are 16 KiB, or 512 KiB with
 * counters, and lie on a multiple of that.
 */
static void read_ivrs(const struct table *table, struct acpi *acpi)
{
	size_t at = 48;

	acpi->has_ivrs = true;
	while (at + 4 <= table->size) {
		uint64_t type = field(table, at, 1), length = field(table, at + 2, 2),
			 base = field(table, at + 8, 8);

		if (length < 4 || at + length > table->size)
			return;
		if (length >= 16 && (type == 0x10 || type == 0x11 || type == 0x40))
			keep(acpi, base, base % (512 << 10) ? 16 << 10 : 512 << 10, "an IOMMU");
		at += length;
	}
}

void acpi_read(const char *root, struct acpi *ret)
{
	static const struct {
		const char *signature;
		void (*read)(const struct table *table, struct acpi *acpi);
	} readers[] = {
		{"FACP", read_fadt}, {"MCFG", read_mcfg}, {"APIC", read_madt},
		{"DMAR", read_dmar}, {"IVRS", read_ivrs}, {"HPET", read_hpet},
	};

	*ret = (struct acpi){0};
	/* SDM 3A 11.11.1: writes there are interrupts, on every machine, whatever the tables say.
	 */
	keep(ret, 0xfee00000, 1 << 20, "the local APIC, or messages to one");
	for (size_t i = 0; i < ELEMENTS(readers); i++) {
		struct table table;

		if (!load(root, readers[i].signature, &table))
			continue;

		readers[i].read(&table, ret);
		free(table.data);
	}
}
