// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <unistd.h>

#include <cellhv/x86/pc.h>

#include "base/blob.h"
#include "bzimage.h"
#include "check.h"
#include "linux/boot.h"
#include "linux/loader/fill.h"
#include "linux/tables.h"

#define MB (1ull << 20)
#define GB (1ull << 30)

/* A kernel's file with a change in it. */
static const char *parse_with(unsigned offset, uint32_t value, unsigned size)
{
	static uint8_t data[BZIMAGE_SIZE];
	struct linux_kernel kernel;

	bzimage_make(data);
	memcpy(data + offset, &value, size);
	return kernel_parse(data, sizeof(data), &kernel);
}

static bool says(const char *wrong, const char *part)
{
	return wrong && strstr(wrong, part);
}

TEST(linux_kernel_is_read)
{
	uint8_t data[BZIMAGE_SIZE];
	struct linux_kernel kernel;

	bzimage_make(data);
	CHECK(!kernel_parse(data, sizeof(data), &kernel));
	CHECK_EQ(kernel.n_pieces, 1);
	CHECK_EQ(kernel.pieces[0].data - data, 1024);
	CHECK_EQ(kernel.entry, 0x200);
	CHECK_EQ(kernel.init_size, 32 * MB);
	CHECK_EQ(kernel.preferred, 16 * MB);
	CHECK_EQ(kernel.initrd_end, 2 * GB);
	CHECK_EQ(kernel.command_line, 2047);
	CHECK_STR(kernel.release, "6.1.0-test");
}

TEST(linux_kernel_that_cannot_be_started)
{
	CHECK(says(parse_with(0x1fe, 0, 2), "bzImage"));
	CHECK(says(parse_with(0x202, 0, 4), "bzImage"));
	CHECK(says(parse_with(0, 0x464c457f, 4), "no kernel for x86-64"));
	CHECK(says(parse_with(0x206, 0x20b, 2), "before Linux 3.8"));
	CHECK(says(parse_with(0x236, 0, 2), "32-bit"));
	CHECK(says(parse_with(0x234, 0, 1), "RELOCATABLE"));
	CHECK(says(parse_with(0x230, 0, 4), "damaged"));
	CHECK(says(parse_with(0x230, 3, 4), "damaged"));
	CHECK(says(parse_with(0x201, 0xff, 1), "damaged"));
	CHECK(says(parse_with(0x260, 100, 4), "damaged"));
	CHECK(says(parse_with(0x25c, 1, 4), "damaged"));
	CHECK(says(parse_with(0x1f1, 64, 1), "beginning"));
}

/* Whatever its length and its words are, nothing outside of it is read: ASan would say so. */
TEST(linux_kernel_cut_anywhere)
{
	uint8_t whole[BZIMAGE_SIZE];
	struct linux_kernel kernel;

	bzimage_make(whole);
	for (size_t size = 0; size <= sizeof(whole); size += size < 0x270 ? 1 : 64) {
		uint8_t *data = malloc(size ?: 1);

		memcpy(data, whole, size);
		CHECK_EQ(!kernel_parse(data, size, &kernel), size > 1024 + KERNEL_ENTRY);
		free(data);
	}
	for (uint32_t at = 0; at < 0x10000; at += 0xff)
		parse_with(0x20e, at, 2);
}

static enum layout_lack layout(uint64_t low, uint64_t high, uint64_t initrd,
			       struct linux_layout *ret)
{
	_cleanup_ranges_ struct ranges ram = {0};
	uint8_t data[BZIMAGE_SIZE];
	struct linux_kernel kernel;

	bzimage_make(data);
	CHECK(!kernel_parse(data, sizeof(data), &kernel));
	CHECK_EQ(ranges_add(&ram, 0, low), 0);
	CHECK_EQ(ranges_add(&ram, 4 * GB, high), 0);
	return layout_find(&kernel, initrd, &ram, ret);
}

TEST(linux_layout)
{
	struct linux_layout where;

	CHECK_EQ(layout(MB / 2, 0, 0, &where), LAYOUT_NO_LOW);
	CHECK_EQ(layout(48 * MB - 4096, 0, 0, &where), LAYOUT_NO_KERNEL);
	CHECK_EQ(layout(48 * MB - 4096, GB, 0, &where), LAYOUT_NO_KERNEL);
	CHECK_EQ(layout(48 * MB, 0, 0, &where), LAYOUT_FITS);
	CHECK_EQ(where.kernel, 16 * MB);
	CHECK_EQ(where.initrd, 0);
	CHECK_EQ(layout(48 * MB, 0, 1, &where), LAYOUT_NO_INITRD);
	CHECK_EQ(layout(48 * MB, GB, 1, &where), LAYOUT_NO_INITRD);
	CHECK_EQ(layout(48 * MB + 4096, 0, 4096, &where), LAYOUT_FITS);
	CHECK_EQ(where.initrd, 48 * MB);
	CHECK_EQ(layout(2 * GB, GB, 10 * MB + 1, &where), LAYOUT_FITS);
	CHECK_EQ(where.initrd, 2 * GB - 10 * MB - 4096);
}

/* A cell with all that tables tell of. */
static struct test_cell {
	struct cellhv_cell_config config;
	struct cellhv_memory_region memory[2];
	uint32_t cpus[2];
	struct cellhv_link link;
	struct cellhv_function function;
} cell;

#define SECTION(member, n)                                  \
	{                                                   \
		offsetof(struct test_cell, member), n, 0, 0 \
	}

static struct linux_machine make_machine(bool has_pci)
{
	const uint32_t ram = CELLHV_MEMORY_READ | CELLHV_MEMORY_WRITE | CELLHV_MEMORY_EXECUTE;

	cell = (struct test_cell){
		.config = {.comm_address = 0xfef00000,
			   .memory = SECTION(memory, 2),
			   .cpus = SECTION(cpus, 2),
			   .links = SECTION(link, has_pci),
			   .functions = SECTION(function, has_pci)},
		.memory = {{.size = 2 * GB, .flags = ram},
			   {.guest = 4 * GB, .size = GB, .flags = ram}},
		.link = {.shared = {.common_size = MB, .protocol = 2, .max_peers = 2},
			 .guest = 0x80000000,
			 .function = 0x0e << 3},
		.function = {.address = 0x200,
			     .bars = {{0xfea00000, 0x20000}, {0xc000, 0x20}, {0x380000000000, MB}}},
	};
	return (struct linux_machine){.cell = &cell.config,
				      .pm_timer_port = 0x608,
				      .mmconfig_base = 0xb0000000,
				      .mmconfig_end_bus = 255};
}

static uint32_t get32(const uint8_t *data)
{
	uint32_t value;

	memcpy(&value, data, sizeof(value));
	return value;
}

static uint8_t sum(const uint8_t *data, uint32_t size)
{
	uint8_t result = 0;

	while (size--)
		result += *data++;
	return result;
}

static uint8_t area[LINUX_PARAMETERS - LINUX_TABLES];

/* The table of that signature, by way of RSDP and XSDT; NULL: there is none. */
static const uint8_t *find_table(const char *signature)
{
	const uint8_t *xsdt = area + (get32(area + 24) - LINUX_TABLES);

	CHECK(memcmp(area, "RSD PTR ", 8) == 0);
	CHECK_EQ(sum(area, 20) | sum(area, 36), 0);
	CHECK_EQ(sum(xsdt, get32(xsdt + 4)), 0);
	for (uint32_t at = 36; at < get32(xsdt + 4); at += 8) {
		const uint8_t *table = area + (get32(xsdt + at) - LINUX_TABLES);

		CHECK_EQ(sum(table, get32(table + 4)), 0);
		if (memcmp(table, signature, 4) == 0)
			return table;
	}
	return NULL;
}

static uint32_t write_tables(bool has_pci)
{
	struct linux_machine machine = make_machine(has_pci);
	uint32_t madt = 0;

	memset(area, 0, sizeof(area));
	CHECK(tables_write(&machine, area, sizeof(area), &madt));
	return madt;
}

TEST(linux_tables)
{
	const uint8_t *fadt, *mcfg;
	uint32_t madt = write_tables(true);

	CHECK(find_table("APIC") == area + (madt - LINUX_TABLES));
	fadt = find_table("FACP");
	CHECK(fadt[112 + 2] & 1 << 4); /* hardware-reduced */
	CHECK_EQ(get32(fadt + 208 + 4), 0x608);
	CHECK_EQ(get32(fadt + 116 + 4), CELLHV_PC_RESET);
	CHECK(memcmp(area + (get32(fadt + 140) - LINUX_TABLES), "DSDT", 4) == 0);
	mcfg = find_table("MCFG");
	CHECK_EQ(get32(mcfg + 44), 0xb0000000);
	CHECK_EQ(mcfg[55], 2);

	write_tables(false);
	CHECK(!find_table("MCFG"));
}

/* No room for the tables: they are not cut off. */
TEST(linux_tables_that_do_not_fit)
{
	struct linux_machine machine = make_machine(true);
	uint32_t madt, size = 0;

	memset(area, 0, sizeof(area));
	while (!tables_write(&machine, area, size, &madt))
		size++;
	CHECK(size > 500);
	for (uint32_t at = size; at < sizeof(area); at++)
		CHECK_EQ(area[at], 0);
}

TEST(linux_loader_fills_in)
{
	uint32_t ids[] = {7, 300, 2, 5}, madt_at = write_tables(true);
	uint8_t *madt = area + (madt_at - LINUX_TABLES);
	uint32_t empty = get32(madt + 4);
	struct linux_setup_data data = {0};
	char digits[9] = "";

	fill_sort(ids, 4);
	fill_madt(madt, LINUX_PARAMETERS - madt_at, ids, 4);
	CHECK_EQ(get32(madt + 4), empty + 3 * 8 + 16);
	CHECK_EQ(sum(madt, get32(madt + 4)), 0);
	CHECK_EQ(madt[empty + 3], 7); /* the one that boots is the first */
	CHECK_EQ(madt[empty + 8 + 3], 2);
	CHECK_EQ(madt[empty + 16 + 3], 5);
	CHECK_EQ(get32(madt + empty + 24 + 4), 300);
	CHECK_EQ(get32(madt + empty + 24 + 12), 3);

	fill_setup_data(&data, ids, 3, 2400000, 62500);
	CHECK_EQ(data.cpu_ids[0], 7);
	CHECK_EQ(data.cpu_ids[2], 5);
	CHECK_EQ(data.tsc_khz, 2400000);
	CHECK_EQ(data.apic_khz, 62500);
	fill_digits(digits, 2400000);
	CHECK_STR(digits, "00249f00");
}

/* Not more than there is room for. */
TEST(linux_loader_stays_in_the_table)
{
	static uint32_t ids[LINUX_MAX_CPUS];
	uint8_t madt[64 + 1] = {[4] = 44, [64] = 0xa5};

	fill_madt(madt, 64, ids, LINUX_MAX_CPUS);
	CHECK_EQ(madt[64], 0xa5);
	CHECK_EQ(get32(madt + 4), 44 + 8);
}

/* What iasl (acpica-tools) makes of a table. */
static void disassemble(const char *directory, const uint8_t *table, const char *name)
{
	char command[256], path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.aml", directory, name);
	file = fopen(path, "w");
	CHECK(file);
	CHECK_EQ(fwrite(table, 1, get32(table + 4), file), get32(table + 4));
	fclose(file);
	snprintf(command, sizeof(command),
		 "cd %s && iasl -d %s.aml >log 2>&1 && iasl -p again %s.dsl >>log 2>&1 && "
		 "grep -q ' 0 Errors, 0 Warnings' log",
		 directory, name, name);
	CHECK_EQ(system(command), 0);
}

static bool has_line(const char *directory, const char *text)
{
	char command[256];

	snprintf(command, sizeof(command), "grep -q -F '%s' %s/DSDT.dsl", text, directory);
	return system(command) == 0;
}

TEST(linux_tables_are_read_by_iasl)
{
	char directory[] = "/tmp/cell-tables-XXXXXX", command[64];
	const uint8_t *fadt;

	if (system("command -v iasl >/dev/null") != 0)
		return;

	CHECK(mkdtemp(directory));
	write_tables(true);
	fadt = find_table("FACP");
	disassemble(directory, fadt, "FACP");
	disassemble(directory, find_table("APIC"), "APIC");
	disassemble(directory, find_table("MCFG"), "MCFG");
	disassemble(directory, area + (get32(fadt + 140) - LINUX_TABLES), "DSDT");
	CHECK(has_line(directory, "Device (PC00)"));
	CHECK(has_line(directory, "Device (PC02)"));
	CHECK(has_line(directory, "EisaId (\"PNP0C0C\")"));
	CHECK(has_line(directory, "Notify (PWRB, 0x80)"));
	snprintf(command, sizeof(command), "rm -r %s", directory);
	CHECK_EQ(system(command), 0);
}

static struct linux_boot boot;

TEST(linux_is_told_of_its_memory)
{
	struct linux_machine machine = make_machine(true);
	const struct linux_layout where = {.kernel = 16 * MB, .initrd = 64 * MB};
	uint8_t data[BZIMAGE_SIZE];
	struct linux_kernel kernel;
	uint64_t map[2];

	bzimage_make(data);
	CHECK(!kernel_parse(data, sizeof(data), &kernel));
	CHECK_EQ(boot_write(&machine, &kernel, &where, 12345, "quiet", &boot), 0);
	CHECK_EQ(boot.low[0x1e8], 7); /* three of RAM, two of tables, comm page, MMCONFIG */
	memcpy(map, boot.low + 0x2d0, sizeof(map));
	CHECK_EQ(map[0], 0);
	CHECK_EQ(map[1], 0xa0000);
	memcpy(map, boot.low + 0x2d0 + 20, sizeof(map));
	CHECK_EQ(map[0], MB);
	CHECK_EQ(map[1], 2 * GB - MB);
	CHECK_EQ(get32(boot.low + 0x218), 64 * MB);
	CHECK_EQ(get32(boot.low + 0x21c), 12345);
	CHECK_EQ(get32(boot.low + 0x070), LINUX_TABLES);
	CHECK_EQ(get32(boot.low + 0x250), LINUX_SETUP_DATA);
	CHECK_STR((char *)boot.low + (LINUX_COMMAND_LINE - LINUX_ZERO_PAGE),
		  "console=ttyS0 tsc_early_khz=0x00000000 panic=-1 reboot=panic_warm pci=lastbus=2 "
		  "quiet");
	CHECK(strlen((char *)boot.low + (LINUX_COMMAND_LINE - LINUX_ZERO_PAGE)) <
	      BOOT_COMMAND_LINE_MAX);
}

/* By ports Linux looks for PCI only where it sees a host bridge, unless it is told. */
TEST(linux_is_told_how_to_reach_pci)
{
	struct linux_machine machine = make_machine(true);
	const struct linux_layout where = {.kernel = 16 * MB};
	uint8_t data[BZIMAGE_SIZE];
	struct linux_kernel kernel;

	machine.mmconfig_base = 0;
	bzimage_make(data);
	CHECK(!kernel_parse(data, sizeof(data), &kernel));
	CHECK_EQ(boot_write(&machine, &kernel, &where, 0, NULL, &boot), 0);
	CHECK(strstr((char *)boot.low + (LINUX_COMMAND_LINE - LINUX_ZERO_PAGE),
		     " pci=conf1,lastbus=2"));
}

/* The digits of the TSC's frequency are where the loader is told that they are. */
TEST(linux_parameters)
{
	struct linux_machine machine = make_machine(false);
	const struct linux_layout where = {.kernel = 16 * MB};
	struct linux_parameters parameters;
	uint8_t data[BZIMAGE_SIZE];
	struct linux_kernel kernel;

	bzimage_make(data);
	CHECK(!kernel_parse(data, sizeof(data), &kernel));
	CHECK_EQ(boot_write(&machine, &kernel, &where, 0, NULL, &boot), 0);
	memcpy(&parameters, boot.high + (LINUX_PARAMETERS - LINUX_TABLES), sizeof(parameters));
	CHECK_EQ(parameters.entry, 16 * MB + 0x200);
	CHECK_EQ(parameters.n_cpus, 2);
	CHECK_EQ(parameters.comm, 0xfef00000);
	fill_digits((char *)boot.low + (parameters.tsc_khz - LINUX_ZERO_PAGE), 0xabcd);
	CHECK_STR((char *)boot.low + (LINUX_COMMAND_LINE - LINUX_ZERO_PAGE),
		  "console=ttyS0 tsc_early_khz=0x0000abcd panic=-1 reboot=panic_warm pci=off");
	CHECK_EQ(boot.high[LINUX_LOADER - LINUX_TABLES], 0xfa); /* cli */
}
