// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "acpi_fixture.h"
#include "check.h"
#include "host/host.h"
#include "sysroot.h"

TEST(acpi_reads_fadt_mcfg_and_madt)
{
	unsigned char fadt[244] = {0}, mcfg[60] = {0}, madt[44 + 8 + 16 + 8] = {0};
	struct sysroot root;
	struct acpi acpi;

	sysroot_make(&root);
	put(fadt, 76, 0x608, 4);
	put(fadt, 91, 4, 1);
	write_table(&root, "FACP", fadt, sizeof(fadt), sizeof(fadt));
	put(mcfg, 44, 0xb0000000, 8);
	put(mcfg, 55, 255, 1);
	write_table(&root, "MCFG", mcfg, sizeof(mcfg), sizeof(mcfg));
	put(madt, 45, 8, 1); /* type 0, enabled */
	put(madt, 48, 1, 4);
	put(madt, 52, 9, 1); /* type 9, enabled */
	put(madt, 53, 16, 1);
	put(madt, 60, 1, 4);
	put(madt, 69, 8, 1); /* type 0, disabled */
	write_table(&root, "APIC", madt, sizeof(madt), sizeof(madt));
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.pm_timer_port, 0x608);
	CHECK_EQ(acpi.mmconfig_base, 0xb0000000);
	CHECK_EQ(acpi.mmconfig_end_bus, 255);
	CHECK_EQ(acpi.n_apics, 2);
	CHECK(!acpi.has_dmar && !acpi.has_ivrs);

	put(fadt, 208, 1, 1);
	put(fadt, 212, 0xb008, 8);
	write_table(&root, "FACP", fadt, sizeof(fadt), sizeof(fadt));
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.pm_timer_port, 0xb008);
	sysroot_remove(&root);
}

/* What is at an address that a cell may not get; "" for nothing. */
static void check_kept(const struct acpi *acpi, uint64_t start, uint64_t size, const char *what)
{
	const char *kept = acpi_kept_at(acpi, start, size);

	CHECK_STR(kept ?: "", what);
}

TEST(acpi_knows_registers_that_no_cell_gets)
{
	unsigned char madt[44 + 12 + 12] = {0}, mcfg[60] = {0}, hpet[56] = {0};
	struct sysroot root;
	struct acpi acpi;

	sysroot_make(&root);
	acpi_read(root.path, &acpi);
	check_kept(&acpi, 0xfee00000, 0x1000, "the local APIC, or messages to one");
	check_kept(&acpi, 0xfeeff000, 0x1000, "the local APIC, or messages to one");
	check_kept(&acpi, 0xfedff000, 0x1000, "");
	check_kept(&acpi, 0xfef00000, 0x1000, "");
	check_kept(&acpi, 0, 0x1000, "");

	put(madt, 36, 0xfed90000, 4);
	put(madt, 44, 1, 1);
	put(madt, 45, 12, 1);
	put(madt, 48, 0xfec00000, 4);
	put(madt, 56, 5, 1);
	put(madt, 57, 12, 1);
	put(madt, 60, 0x4fee00000, 8);
	write_table(&root, "APIC", madt, sizeof(madt), sizeof(madt));
	put(mcfg, 44, 0xb0000000, 8);
	put(mcfg, 52, 1, 2); /* another segment */
	put(mcfg, 54, 0x10, 1);
	put(mcfg, 55, 0x1f, 1);
	write_table(&root, "MCFG", mcfg, sizeof(mcfg), sizeof(mcfg));
	put(hpet, 44, 0xfed00000, 8);
	write_table(&root, "HPET", hpet, sizeof(hpet), sizeof(hpet));
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.mmconfig_base, 0);
	check_kept(&acpi, 0xfed90000, 0x1000, "the local APIC");
	check_kept(&acpi, 0xfec00000, 0x1000, "an I/O APIC");
	check_kept(&acpi, 0x4fee00000, 0x1000, "the local APIC");
	check_kept(&acpi, 0xb1fff000, 0x1000, "configuration space of PCI (MMCONFIG)");
	check_kept(&acpi, 0xb0fff000, 0x1000, "");
	check_kept(&acpi, 0xb2000000, 0x1000, "");
	check_kept(&acpi, 0xfed00000, 0x1000, "the HPET");
	check_kept(&acpi, 0xfebff000, 0x2000, "an I/O APIC");
	sysroot_remove(&root);
}

TEST(acpi_reads_dmar)
{
	unsigned char dmar[48 + 3 * 16] = {0};
	struct sysroot root;
	struct acpi acpi;

	sysroot_make(&root);
	put_unit(dmar, 48, 0, 0, 0xfed90000);
	put_unit(dmar, 64, 1, 0, 0xfed91000);
	put_unit(dmar, 80, 1, 1, 0xfed92000); /* of another segment */
	put(dmar, 69, 1, 1);		      /* two pages */
	write_table(&root, "DMAR", dmar, sizeof(dmar), sizeof(dmar));
	acpi_read(root.path, &acpi);
	CHECK(acpi.has_dmar && !acpi.has_ivrs);
	CHECK_EQ(acpi.remapping_base, 0xfed91000);
	check_kept(&acpi, 0xfed90000, 0x1000, "an IOMMU");
	check_kept(&acpi, 0xfed92000, 0x1000, "an IOMMU");
	check_kept(&acpi, 0xfed93000, 0x1000, "");

	/* Two, none of which has all: nobody knows which. */
	put(dmar, 68, 0, 1);
	write_table(&root, "DMAR", dmar, sizeof(dmar), sizeof(dmar));
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.remapping_base, 0);

	/* The table ends behind the first: what follows in the file is not of it. */
	put(dmar, 68, 1, 1);
	write_table(&root, "DMAR", dmar, 64, sizeof(dmar));
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.remapping_base, 0xfed90000);
	check_kept(&acpi, 0xfed91000, 0x1000, "");

	/* An entry that is longer than the table, or has no length, is none. */
	put(dmar, 50, 17, 2);
	write_table(&root, "DMAR", dmar, 64, sizeof(dmar));
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.remapping_base, 0);
	put(dmar, 50, 0, 2);
	write_table(&root, "DMAR", dmar, sizeof(dmar), sizeof(dmar));
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.remapping_base, 0);
	CHECK(acpi.has_dmar);
	sysroot_remove(&root);
}

TEST(acpi_reads_ivrs)
{
	unsigned char ivrs[48 + 3 * 24] = {0};
	struct sysroot root;
	struct acpi acpi;

	sysroot_make(&root);
	for (unsigned i = 0; i < 3; i++) {
		put(ivrs, 48 + 24 * i, i == 1 ? 0x20 : 0x11, 1); /* 20h describes memory */
		put(ivrs, 50 + 24 * i, 24, 2);
		put(ivrs, 56 + 24 * i, 0xfd000000 + (i << 20) + (i ? 0x4000 : 0), 8);
	}
	write_table(&root, "IVRS", ivrs, sizeof(ivrs), sizeof(ivrs));
	acpi_read(root.path, &acpi);
	CHECK(acpi.has_ivrs && !acpi.has_dmar);
	check_kept(&acpi, 0xfd07f000, 0x1000, "an IOMMU");
	check_kept(&acpi, 0xfd080000, 0x1000, "");
	check_kept(&acpi, 0xfd104000, 0x1000, "");
	check_kept(&acpi, 0xfd207000, 0x1000, "an IOMMU");
	check_kept(&acpi, 0xfd208000, 0x1000, "");
	write_table(&root, "IVRS", ivrs, sizeof(ivrs) - 1, sizeof(ivrs));
	acpi_read(root.path, &acpi);
	check_kept(&acpi, 0xfd207000, 0x1000, "");
	put(ivrs, 50, 0, 2);
	write_table(&root, "IVRS", ivrs, sizeof(ivrs), sizeof(ivrs));
	acpi_read(root.path, &acpi);
	check_kept(&acpi, 0xfd000000, 0x1000, "");
	CHECK(acpi.has_ivrs);
	sysroot_remove(&root);
}

TEST(acpi_survives_bad_lengths)
{
	unsigned char fadt[244] = {0}, madt[60] = {0};
	struct sysroot root;
	struct acpi acpi;

	sysroot_make(&root);
	put(fadt, 76, 0x608, 4);
	put(fadt, 91, 4, 1);
	write_table(&root, "FACP", fadt, 400, sizeof(fadt));	      /* longer than the file */
	write_table(&root, "APIC", madt, sizeof(madt), sizeof(madt)); /* entry of length 0 */
	sysroot_write(&root, "/sys/firmware/acpi/tables/MCFG", "MC");
	acpi_read(root.path, &acpi);
	CHECK_EQ(acpi.pm_timer_port, 0);
	CHECK_EQ(acpi.n_apics, 0);
	CHECK_EQ(acpi.mmconfig_base, 0);
	sysroot_remove(&root);
}

TEST(host_reads_memory_and_cpus)
{
	union host_system_config system;
	struct sysroot root;
	cell_host *host;

	sysroot_make(&root);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(host->memory.n, 8);
	CHECK_EQ(host->memory.block_size, 128 << 20);
	CHECK_EQ(memory_removable(&host->memory), 5ull * (128 << 20));
	CHECK_EQ(memory_next_block(&host->memory)->number, 6);
	CHECK_EQ(host->memory.top, 0x3ffe0000);
	CHECK_EQ(cpuset_count(&host->online), 4);
	host_system_config(host, &system);
	CHECK_EQ(system.config.memory_top, 0x3ffe0000);
	CHECK_EQ(system.config.header.type, CELLHV_CONFIG_SYSTEM);
	CHECK_EQ(system.config.debug_port, 0);
	cell_host_unref(host);
	sysroot_remove(&root);
}

TEST(host_describes_itself)
{
	struct sysroot root;
	cell_host *host;
	char *json;

	sysroot_make(&root);
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	CHECK_EQ(cell_host_describe(host, &json), 0);
	CHECK(strstr(json, "\"online\": \"0-3\""));
	CHECK(strstr(json, "\"removable\": 671088640"));
	free(json);
	cell_host_unref(host);
	sysroot_remove(&root);
}

TEST(host_settings_reach_the_hypervisor)
{
	union host_system_config system;
	struct sysroot root;
	cell_host *host;

	sysroot_make(&root);
	sysroot_write(&root, "/etc/cellmgr/host.json",
		      "{ \"strict\": true, \"debug-port\": \"0x2f8\" }");
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	host_system_config(host, &system);
	CHECK_EQ(system.config.flags, CELLHV_SYSTEM_STRICT);
	CHECK_EQ(system.config.debug_port, 0x2f8);
	cell_host_unref(host);
	sysroot_remove(&root);
}
