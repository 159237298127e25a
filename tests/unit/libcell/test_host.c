// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "check.h"
#include "host.h"
#include "sysroot.h"

static void put(unsigned char *table, size_t at, unsigned long long value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		table[at + i] = (unsigned char)(value >> (8 * i));
}

static void write_table(struct sysroot *root, const char *signature, unsigned char *table,
			size_t length, size_t file_size)
{
	char path[64];

	memcpy(table, signature, 4);
	put(table, 4, length, 4);
	snprintf(path, sizeof(path), "/sys/firmware/acpi/tables/%s", signature);
	sysroot_write_bytes(root, path, table, file_size);
}

TEST(acpi_reads_four_tables)
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
	struct cellhv_system_config config;
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
	host_system_config(host, &config);
	CHECK_EQ(config.memory_top, 0x3ffe0000);
	CHECK_EQ(config.header.type, CELLHV_CONFIG_SYSTEM);
	CHECK_EQ(config.debug_port, 0);
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
	struct cellhv_system_config config;
	struct sysroot root;
	cell_host *host;

	sysroot_make(&root);
	sysroot_write(&root, "/etc/cellmgr/host.json",
		      "{ \"strict\": true, \"debug-port\": \"0x2f8\" }");
	CHECK_EQ(cell_host_new(root.context, NULL, &host), 0);
	host_system_config(host, &config);
	CHECK_EQ(config.flags, CELLHV_SYSTEM_STRICT);
	CHECK_EQ(config.debug_port, 0x2f8);
	cell_host_unref(host);
	sysroot_remove(&root);
}
