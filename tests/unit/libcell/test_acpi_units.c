// SPDX-License-Identifier: LGPL-2.1-or-later
/* IOMMUs and I/O APICs: from the firmware's tables to what the hypervisor is told. */
#include <stdlib.h>

#include <core/config.h>

#include "acpi_fixture.h"
#include "check.h"
#include "host/host.h"

/* What the hypervisor will be told; it is valid, whatever the tables say. */
static void system_of(struct sysroot *root, union host_system_config *ret)
{
	struct config_error error;
	cell_host *host;

	CHECK_EQ(cell_host_new(root->context, NULL, &host), 0);
	host_system_config(host, ret);
	CHECK_EQ(config_validate_system(ret, ret->config.header.total_size, CELLHV_ARCH_X86_64,
					&error),
		 0);
	cell_host_unref(host);
}

static void check_unit(const union host_system_config *system, uint32_t index, uint64_t base,
		       uint32_t size, unsigned segment)
{
	const struct cellhv_iommu *unit = config_iommu(&system->config, index);

	CHECK(index < system->config.iommus.count);
	CHECK_EQ(unit->base, base);
	CHECK_EQ(unit->size, size);
	CHECK_EQ(unit->segment, segment);
}

static void put_ioapic(unsigned char *madt, size_t at, unsigned id, unsigned base, unsigned gsi)
{
	put(madt, at, 1, 1);
	put(madt, at + 1, 12, 1);
	put(madt, at + 2, id, 1);
	put(madt, at + 4, base, 4);
	put(madt, at + 8, gsi, 4);
}

/* A scope with `hops` steps of a path. */
static void put_scope(unsigned char *dmar, size_t at, unsigned type, unsigned id, unsigned bus,
		      unsigned hops)
{
	put(dmar, at, type, 1);
	put(dmar, at + 1, 6 + 2 * hops, 1);
	put(dmar, at + 4, id, 1);
	put(dmar, at + 5, bus, 1);
}

static void put_hop(unsigned char *dmar, size_t scope, unsigned hop, unsigned device,
		    unsigned function)
{
	put(dmar, scope + 6 + 2 * hop, device, 1);
	put(dmar, scope + 7 + 2 * hop, function, 1);
}

TEST(all_vtd_units_with_their_sizes_and_ioapics_with_their_sources)
{
	unsigned char dmar[48 + 16 + 24 + 16] = {0}, madt[44 + 2 * 12] = {0};
	union host_system_config system;
	struct sysroot root;

	sysroot_make(&root);
	put_unit(dmar, 48, 0, 0, 0xfed90000);
	put_unit(dmar, 64, 1, 0, 0xfed91000);
	put(dmar, 66, 24, 2);
	put(dmar, 69, 1, 1); /* two pages */
	put_scope(dmar, 80, 3, 2, 0xff, 1);
	put_hop(dmar, 80, 0, 0x1f, 7);
	put_unit(dmar, 88, 1, 3, 0xfed94000);
	write_table(&root, "DMAR", dmar, sizeof(dmar), sizeof(dmar));
	put_ioapic(madt, 44, 1, 0xfec01000, 24);
	put_ioapic(madt, 56, 2, 0xfec00000, 0);
	write_table(&root, "APIC", madt, sizeof(madt), sizeof(madt));

	system_of(&root, &system);
	CHECK_EQ(system.config.iommus.count, 3);
	check_unit(&system, 0, 0xfed90000, 0x1000, 0);
	check_unit(&system, 1, 0xfed91000, 0x2000, 0);
	check_unit(&system, 2, 0xfed94000, 0x1000, 3);
	CHECK_EQ(config_iommu(&system.config, 2)->type, CELLHV_IOMMU_VTD);
	CHECK_EQ(system.config.ioapics.count, 2);
	CHECK_EQ(config_ioapic(&system.config, 0)->base, 0xfec01000);
	CHECK_EQ(config_ioapic(&system.config, 0)->gsi_base, 24);
	CHECK_EQ(config_ioapic(&system.config, 0)->source, 0);
	CHECK_EQ(config_ioapic(&system.config, 1)->id, 2);
	CHECK_EQ(config_ioapic(&system.config, 1)->source, 0xffff);
	sysroot_remove(&root);
}

TEST(a_scope_leads_through_bridges)
{
	unsigned char dmar[48 + 16 + 10 + 24 + 8 + 10] = {0}, madt[44 + 12] = {0};
	struct sysroot root;
	struct acpi acpi;

	sysroot_make(&root);
	put_unit(dmar, 48, 1, 0, 0xfed90000);
	put(dmar, 50, 26, 2);
	put_scope(dmar, 64, 3, 7, 0, 2);
	put_hop(dmar, 64, 0, 0x1c, 0);
	put_hop(dmar, 64, 1, 2, 1);
	put(dmar, 74, 1, 2); /* memory that firmware goes on using */
	put(dmar, 76, 24 + 18, 2);
	put(dmar, 82, 0x7c000000, 8);
	put(dmar, 90, 0x7c7fffff, 8);
	put_scope(dmar, 98, 2, 0, 0, 1); /* all below a bridge */
	put_hop(dmar, 98, 0, 0x1c, 0);
	put_scope(dmar, 106, 1, 0, 0, 2); /* a function that is not there */
	put_hop(dmar, 106, 0, 0x1d, 0);
	write_table(&root, "DMAR", dmar, sizeof(dmar), sizeof(dmar));
	put_ioapic(madt, 44, 7, 0xfec00000, 0);
	write_table(&root, "APIC", madt, sizeof(madt), sizeof(madt));

	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.ioapics[0].source, 0);
	write_bridge(&root, "0000:00:1c.0", 3, 5);
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.ioapics[0].source, 0x311);
	CHECK_EQ(acpi.n_reserved, 1);
	CHECK_EQ(acpi.reserved[0].start, 0x7c000000);
	CHECK_EQ(acpi.reserved[0].size, 0x800000);
	CHECK_EQ(acpi.reserved[0].first, 0xe0);
	CHECK_EQ(acpi.reserved[0].last, 0x5ff);
	sysroot_remove(&root);
}

/* A block of 40 bytes, or 24 of type 10h, and behind it `entries` bytes. */
static size_t put_block(unsigned char *ivrs, size_t at, unsigned type, unsigned function,
			unsigned long long base, unsigned entries)
{
	unsigned length = (type == 0x10 ? 24 : 40) + entries;

	put(ivrs, at, type, 1);
	put(ivrs, at + 2, length, 2);
	put(ivrs, at + 4, function, 2);
	put(ivrs, at + 8, base, 8);
	return at + length;
}

TEST(amd_units_are_told_once_with_the_larger_of_their_sizes)
{
	unsigned char ivrs[48 + 24 + 4 + 8 + 40 + 40 + 2 * 32] = {0}, madt[44 + 12] = {0};
	union host_system_config system;
	struct sysroot root;
	struct acpi acpi;
	size_t at;

	sysroot_make(&root);
	at = put_block(ivrs, 48, 0x10, 0x02, 0xfeb80000, 12);
	put(ivrs, 76, 72, 1); /* behind an entry of 4 bytes */
	put(ivrs, 80, 6, 1);
	put(ivrs, 81, 0xa0, 2);
	put(ivrs, 83, 1, 1);
	at = put_block(ivrs, at, 0x11, 0x02, 0xfeb80000, 0);
	put(ivrs, at - 40 + 24, 1 << 9, 8);
	at = put_block(ivrs, at, 0x40, 0x6002, 0xfd804000, 0);
	put(ivrs, at, 0x21, 1);
	put(ivrs, at + 2, 32, 2);
	put(ivrs, at + 4, 0x123, 2);
	put(ivrs, at + 16, 0x7d000000, 8);
	put(ivrs, at + 24, 0x1000, 8);
	put(ivrs, at + 32, 0x20, 1);
	put(ivrs, at + 34, 32, 2);
	put(ivrs, at + 56, 0x1000, 8);
	write_table(&root, "IVRS", ivrs, sizeof(ivrs), sizeof(ivrs));
	put_ioapic(madt, 44, 6, 0xfec00000, 0);
	write_table(&root, "APIC", madt, sizeof(madt), sizeof(madt));

	system_of(&root, &system);
	CHECK_EQ(system.config.iommus.count, 2);
	check_unit(&system, 0, 0xfeb80000, 512 << 10, 0);
	check_unit(&system, 1, 0xfd804000, 16 << 10, 0);
	CHECK_EQ(config_iommu(&system.config, 0)->type, CELLHV_IOMMU_AMD);
	CHECK_EQ(config_iommu(&system.config, 0)->function, 0x02);
	CHECK_EQ(config_iommu(&system.config, 1)->function, 0x6002);
	CHECK_EQ(config_ioapic(&system.config, 0)->source, 0xa0);
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.n_reserved, 2);
	CHECK_EQ(acpi.reserved[0].first, 0x123);
	CHECK_EQ(acpi.reserved[0].last, 0x123);
	CHECK_EQ(acpi.reserved[1].first, 0);
	CHECK_EQ(acpi.reserved[1].last, 0xffff);
	sysroot_remove(&root);
}

TEST(isa_interrupts_have_the_pins_that_madt_says)
{
	unsigned char madt[44 + 2 * 10] = {0};
	struct sysroot root;
	struct acpi acpi;

	sysroot_make(&root);
	put(madt, 44, 2, 1);
	put(madt, 45, 10, 1);
	put(madt, 48, 2, 4); /* IRQ 0 is pin 2 */
	put(madt, 54, 2, 1);
	put(madt, 55, 10, 1);
	put(madt, 57, 9, 1);
	put(madt, 58, 9, 4);
	put(madt, 62, 0xf, 2); /* low, level */
	write_table(&root, "APIC", madt, sizeof(madt), sizeof(madt));
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.isa_irqs[0].gsi, 2);
	CHECK_EQ(acpi.isa_irqs[0].flags, 0);
	CHECK_EQ(acpi.isa_irqs[4].gsi, 4);
	CHECK_EQ(acpi.isa_irqs[9].flags, CELLHV_PIN_LEVEL | CELLHV_PIN_LOW);
	sysroot_remove(&root);
}

/* The last thing that was logged. */
static char logged[512];

static void note_log(void *userdata, int level, const char *message)
{
	(void)userdata;
	(void)level;
	snprintf(logged, sizeof(logged), "%s", message);
}

/* No unit, and it is said: one left out would be Linux's, and all that it serves. */
static void check_no_unit(struct sysroot *root, const unsigned char *dmar, size_t length)
{
	unsigned char table[4096];
	union host_system_config system;

	memcpy(table, dmar, length);
	write_table(root, "DMAR", table, length, length);
	logged[0] = '\0';
	cell_context_set_log_fn(root->context, note_log, NULL);
	system_of(root, &system);
	CHECK_EQ(system.config.iommus.count, 0);
	CHECK(strstr(logged, "No IOMMU is used: what the firmware's table DMAR says of them"));
}

TEST(units_that_cannot_be_are_none_at_all)
{
	static const struct {
		unsigned long long base;
		unsigned pages; /* 2^N */
	} wrong[] = {{0, 0},	      {0xfed91800, 0},	{0xfed90000, 0}, {0xfed8f000, 1},
		     {0xfed00000, 8}, {0xfed91000, 15}, {~0xfffull, 0},	 {0xffffffffffffff00, 0}};
	struct sysroot root;

	sysroot_make(&root);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		unsigned char dmar[48 + 2 * 16] = {0};

		put_unit(dmar, 48, 0, 0, 0xfed90000);
		put_unit(dmar, 64, 1, 0, wrong[i].base);
		put(dmar, 69, wrong[i].pages, 1);
		check_no_unit(&root, dmar, sizeof(dmar));
	}
	sysroot_remove(&root);
}

TEST(hundreds_of_units_are_none_at_all_and_no_cell_gets_their_registers)
{
	unsigned char dmar[48 + 200 * 16] = {0};
	struct sysroot root;
	struct acpi acpi;

	sysroot_make(&root);
	for (unsigned i = 0; i < 200; i++)
		put_unit(dmar, 48 + 16 * i, 0, i, 0xd0000000ull + 0x1000 * i);
	check_no_unit(&root, dmar, sizeof(dmar));
	acpi_read(root.path, &acpi);
	for (unsigned i = 0; i < 200; i++)
		CHECK(acpi_kept_at(&acpi, 0xd0000000ull + 0x1000 * i, 0x1000));

	/* As many as there is room for. */
	put(dmar, 48 + 16 * CELLHV_MAX_IOMMUS, 99, 2); /* of a type that nobody knows */
	for (unsigned i = CELLHV_MAX_IOMMUS + 1; i < 200; i++)
		put(dmar, 48 + 16 * i, 99, 2);
	write_table(&root, "DMAR", dmar, sizeof(dmar), sizeof(dmar));
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.n_iommus, CELLHV_MAX_IOMMUS);
	CHECK(!acpi.iommus_are_wrong);
	sysroot_remove(&root);
}

TEST(a_table_that_is_cut_off_is_not_half_believed)
{
	static const unsigned lengths[] = {0, 3, 15, 33, 0xffff};
	struct sysroot root;

	sysroot_make(&root);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		unsigned char dmar[48 + 3 * 16] = {0};

		put_unit(dmar, 48, 0, 0, 0xfed90000);
		put_unit(dmar, 64, 0, 0, 0xfed91000);
		put(dmar, 66, lengths[i], 2);
		check_no_unit(&root, dmar, sizeof(dmar));
	}
	sysroot_remove(&root);
}

TEST(more_ioapics_than_there_can_be_are_none)
{
	unsigned char madt[44 + 40 * 12] = {0};
	union host_system_config system;
	struct sysroot root;

	sysroot_make(&root);
	cell_context_set_log_fn(root.context, note_log, NULL);
	for (unsigned i = 0; i < 40; i++)
		put_ioapic(madt, 44 + 12 * i, i, 0xfec00000 + 0x1000 * i, 24 * i);
	write_table(&root, "APIC", madt, sizeof(madt), sizeof(madt));
	system_of(&root, &system);
	CHECK_EQ(system.config.ioapics.count, 0);
	CHECK(strstr(logged, "No interrupt pin can be given to a cell"));
	write_table(&root, "APIC", madt, 44 + 32 * 12, 44 + 32 * 12);
	system_of(&root, &system);
	CHECK_EQ(system.config.ioapics.count, 32);
	write_table(&root, "APIC", madt, 44 + 12, 44 + 12);
	put_ioapic(madt, 44, 0, 0xfec00010, 0);
	write_table(&root, "APIC", madt, 44 + 12, 44 + 12);
	system_of(&root, &system);
	CHECK_EQ(system.config.ioapics.count, 0);
	sysroot_remove(&root);
}

TEST(reserved_memory_beyond_the_list_is_not_forgotten)
{
	unsigned char ivrs[48 + 200 * 32] = {0};
	struct sysroot root;
	struct acpi acpi;

	sysroot_make(&root);
	for (unsigned i = 0; i < 200; i++) {
		put(ivrs, 48 + 32 * i, 0x21, 1);
		put(ivrs, 50 + 32 * i, 32, 2);
		put(ivrs, 72 + 32 * i, 0x1000, 8);
	}
	write_table(&root, "IVRS", ivrs, sizeof(ivrs), sizeof(ivrs));
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.n_reserved, ACPI_RESERVED_MAX);
	CHECK(acpi.reserves_more);
	sysroot_remove(&root);
}
