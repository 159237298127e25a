// SPDX-License-Identifier: LGPL-2.1-or-later
#include "linux/boot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/blob.h"
#include "linux/loader.h"
#include "linux/tables.h"

/* Of struct boot_params, which the kernel calls the zero page. */
#define RSDP 0x070
#define INITRD_HIGH 0x0c0
#define INITRD_SIZE_HIGH 0x0c4
#define MAP_ENTRIES 0x1e8
#define LOADER_TYPE 0x210
#define LOADER_UNKNOWN 0xff
#define INITRD 0x218
#define INITRD_SIZE 0x21c
#define COMMAND_LINE 0x228
#define SETUP_DATA 0x250
#define MAP 0x2d0
#define MAP_ENTRY_SIZE 20
#define MAP_ENTRIES_MAX 128

#define MAP_RAM 1
#define MAP_RESERVED 2
#define MAP_ACPI 3

#define PAGE 4096

#define TSC_ARGUMENT "tsc_early_khz=0x"

static void put32(uint8_t *page, unsigned offset, uint32_t value)
{
	memcpy(page + offset, &value, sizeof(value));
}

static void put64(uint8_t *page, unsigned offset, uint64_t value)
{
	memcpy(page + offset, &value, sizeof(value));
}

int boot_ram(const struct linux_machine *machine, struct ranges *ret)
{
	const struct cellhv_memory_region *memory = blob_memory(machine->cell);

	*ret = (struct ranges){0};
	for (uint32_t i = 0; i < machine->cell->memory.count; i++) {
		int r = 0;

		if (blob_is_program_ram(memory[i].flags))
			r = ranges_add(ret, memory[i].guest, memory[i].size);
		if (r < 0) {
			ranges_clear(ret);
			return r;
		}
	}
	return 0;
}

static void map_add(uint8_t *page, uint64_t start, uint64_t size, uint32_t type)
{
	unsigned entry = page[MAP_ENTRIES], offset = MAP + entry * MAP_ENTRY_SIZE;

	if (entry == MAP_ENTRIES_MAX)
		return;
	put64(page, offset, start);
	put64(page, offset + 8, size);
	put32(page, offset + 16, type);
	page[MAP_ENTRIES]++;
}

/* Between the kernel's low RAM and the tables there is nothing, as on a PC. */
static int write_map(const struct linux_machine *machine, uint8_t *page)
{
	_cleanup_ranges_ struct ranges ram = {0};
	int r = boot_ram(machine, &ram);

	if (r == 0)
		r = ranges_remove(&ram, LINUX_LOW_RAM, LINUX_HIGH_END - LINUX_LOW_RAM);
	if (r < 0)
		return r;

	for (size_t i = 0; i < ram.n; i++)
		map_add(page, ram.items[i].start, ram.items[i].size, MAP_RAM);
	map_add(page, LINUX_TABLES, LINUX_PARAMETERS - LINUX_TABLES, MAP_ACPI);
	map_add(page, LINUX_PARAMETERS, LINUX_HIGH_END - LINUX_PARAMETERS, MAP_RESERVED);
	map_add(page, machine->cell->comm_address, PAGE, MAP_RESERVED);
	if (machine_has_mmconfig(machine))
		map_add(page, machine->mmconfig_base, machine_mmconfig_size(machine), MAP_RESERVED);
	return 0;
}

/*
 * reboot=panic_warm: the hypervisor knows a panic by it (x86/pc.h), and panic=-1 makes one a reset.
 * Without PCI a kernel is not to look for it; without MMCONFIG it is to take the ports for granted,
 * as it does not believe in them where there is no host bridge, and to look where there is some.
 */
static int write_command_line(const struct linux_machine *machine, const char *more, char *text,
			      size_t size)
{
	int last = machine_last_bus(machine);
	char pci[32] = " pci=off";
	int length;

	if (last >= 0)
		snprintf(pci, sizeof(pci), " pci=%slastbus=%d",
			 machine_has_mmconfig(machine) ? "" : "conf1,", last);
	length = snprintf(text, size,
			  "console=ttyS0 " TSC_ARGUMENT "00000000 panic=-1 reboot=panic_warm%s%s%s",
			  pci, more ? " " : "", more ?: "");
	return (size_t)length < size ? 0 : -E2BIG;
}

static void write_setup_data(const struct linux_machine *machine, uint8_t *low)
{
	struct linux_setup_data data = {
		.type = LINUX_SETUP_TYPE,
		.length = sizeof(data) - offsetof(struct linux_setup_data, version),
		.version = 2,
		.compatible_version = 1,
		.pm_timer_port = machine->pm_timer_port,
		.n_cpus = (uint16_t)machine->cell->cpus.count,
		.mmconfig_base = machine_has_mmconfig(machine) ? machine->mmconfig_base : 0,
		.has_standard_ioapic = 1,
		.uarts = 1,
	};

	memcpy(low + (LINUX_SETUP_DATA - LINUX_ZERO_PAGE), &data, sizeof(data));
}

static void write_zero_page(const struct linux_kernel *kernel, const struct linux_layout *layout,
			    uint32_t initrd_size, uint8_t *page)
{
	memcpy(page + KERNEL_HEADER, kernel->header, kernel->header_size);
	page[LOADER_TYPE] = LOADER_UNKNOWN;
	put32(page, INITRD, (uint32_t)layout->initrd);
	put32(page, INITRD_SIZE, initrd_size);
	put32(page, COMMAND_LINE, LINUX_COMMAND_LINE);
	put64(page, SETUP_DATA, LINUX_SETUP_DATA);
	put64(page, RSDP, LINUX_TABLES);
}

static int write_high(const struct linux_machine *machine, uint64_t entry, uint32_t tsc_khz,
		      uint8_t *high)
{
	struct linux_parameters parameters = {
		.entry = entry,
		.comm = (uint32_t)machine->cell->comm_address,
		.n_cpus = machine->cell->cpus.count,
		.tsc_khz = tsc_khz,
	};

	if (!tables_write(machine, high, LINUX_PARAMETERS - LINUX_TABLES, &parameters.madt))
		return -E2BIG;

	parameters.madt_room = LINUX_PARAMETERS - parameters.madt;
	memcpy(high + (LINUX_PARAMETERS - LINUX_TABLES), &parameters, sizeof(parameters));
	memcpy(high + (LINUX_LOADER - LINUX_TABLES), loader_image, loader_image_size);
	return 0;
}

int boot_write(const struct linux_machine *machine, const struct linux_kernel *kernel,
	       const struct linux_layout *layout, uint32_t initrd_size, const char *command_line,
	       struct linux_boot *ret)
{
	char *text = (char *)ret->low + (LINUX_COMMAND_LINE - LINUX_ZERO_PAGE);
	uint32_t tsc_khz;
	int r;

	memset(ret, 0, sizeof(*ret));
	write_zero_page(kernel, layout, initrd_size, ret->low);
	write_setup_data(machine, ret->low);
	r = write_map(machine, ret->low);
	if (r == 0)
		r = write_command_line(machine, command_line, text, LINUX_COMMAND_LINE_ROOM);
	if (r < 0)
		return r;

	tsc_khz = LINUX_COMMAND_LINE +
		  (uint32_t)(strstr(text, TSC_ARGUMENT) + strlen(TSC_ARGUMENT) - text);
	return write_high(machine, layout->kernel + kernel->entry, tsc_khz, ret->high);
}
