// SPDX-License-Identifier: LGPL-2.1-or-later
#include "linux/dsdt.h"

#include <stdio.h>

#include <cellhv/x86/pc.h>

#include "base/blob.h"

#define UART_PORTS 8
#define PRESSED 0x80 /* what a button is notified of */

/* BARs of links, which the guest places: below the chips of a PC, and what is there is avoided. */
#define WINDOW_SIZE (1u << 20)
#define WINDOW_TOP 0xfeb00000u
#define WINDOW_BOTTOM 0x80000000u

static void write_sleep(struct aml *aml)
{
	size_t package;

	aml_name(aml, "_S5_");
	package = aml_package(aml, 4);
	aml_integer(aml, CELLHV_PC_SLEEP_S5);
	for (unsigned i = 0; i < 3; i++)
		aml_integer(aml, 0);
	aml_end(aml, package);
}

static void write_eisa_id(struct aml *aml, const char *name, const char *id)
{
	aml_name(aml, name);
	aml_eisa_id(aml, id);
}

static void write_integer(struct aml *aml, const char *name, uint32_t value)
{
	aml_name(aml, name);
	aml_integer(aml, value);
}

static void write_uart(struct aml *aml)
{
	size_t device = aml_device(aml, "COM1"), resources;

	write_eisa_id(aml, "_HID", "PNP0501");
	write_integer(aml, "_UID", 1);
	aml_name(aml, "_CRS");
	resources = aml_resources(aml);
	aml_io(aml, CELLHV_PC_UART, UART_PORTS);
	aml_interrupt(aml, CELLHV_PC_UART_GSI);
	aml_end_resources(aml, resources);
	aml_end(aml, device);
}

/* ACPI 6.5, 5.6.9: without fixed hardware an interrupt is an event by this device. */
static void write_button(struct aml *aml)
{
	size_t device = aml_device(aml, "PWRB"), resources, method;

	write_eisa_id(aml, "_HID", "PNP0C0C");
	aml_end(aml, device);

	device = aml_device(aml, "GED0");
	aml_name(aml, "_HID");
	aml_string(aml, "ACPI0013");
	write_integer(aml, "_UID", 0);
	aml_name(aml, "_CRS");
	resources = aml_resources(aml);
	aml_interrupt(aml, CELLHV_PC_BUTTON_GSI);
	aml_end_resources(aml, resources);
	method = aml_method(aml, "_EVT", 1);
	aml_notify(aml, "PWRB", PRESSED);
	aml_end(aml, method);
	aml_end(aml, device);
}

/* So that the kernel believes MCFG, and places nothing there. */
static void write_mmconfig(struct aml *aml, const struct linux_machine *machine)
{
	size_t device, resources;

	if (!machine_has_mmconfig(machine) || machine->mmconfig_base > UINT32_MAX)
		return;

	device = aml_device(aml, "MCFG");
	write_eisa_id(aml, "_HID", "PNP0C02");
	write_integer(aml, "_UID", 0);
	aml_name(aml, "_CRS");
	resources = aml_resources(aml);
	aml_memory(aml, (uint32_t)machine->mmconfig_base, machine_mmconfig_size(machine));
	aml_end_resources(aml, resources);
	aml_end(aml, device);
}

static void write_bar(struct aml *aml, const struct cellhv_bar *bar)
{
	if (!bar->size)
		return;
	if (bar->phys <= UINT16_MAX)
		aml_window_io(aml, (uint16_t)bar->phys, (uint16_t)(bar->phys + bar->size - 1));
	else
		aml_window_memory(aml, bar->phys, bar->phys + bar->size - 1);
}

static bool bus_has_link(const struct cellhv_cell_config *cell, unsigned bus)
{
	for (uint32_t i = 0; i < cell->links.count; i++)
		if (blob_links(cell)[i].function >> 8 == bus)
			return true;
	return false;
}

/* Below *top, which then is its start. */
static void write_link_window(struct aml *aml, const struct linux_machine *machine, uint32_t *top)
{
	while (*top > WINDOW_BOTTOM) {
		*top -= WINDOW_SIZE;
		if (machine_is_free(machine, *top, WINDOW_SIZE)) {
			aml_window_memory(aml, *top, *top + WINDOW_SIZE - 1);
			return;
		}
	}
}

static void write_windows(struct aml *aml, const struct linux_machine *machine, unsigned bus,
			  uint32_t *top)
{
	const struct cellhv_cell_config *cell = machine->cell;

	aml_window_buses(aml, (uint16_t)bus, (uint16_t)bus);
	for (uint32_t i = 0; i < cell->functions.count; i++)
		if (blob_functions(cell)[i].address >> 8 == bus)
			for (unsigned j = 0; j < CELLHV_FUNCTION_BARS; j++)
				write_bar(aml, &blob_functions(cell)[i].bars[j]);
	if (bus_has_link(cell, bus))
		write_link_window(aml, machine, top);
}

static void write_bus(struct aml *aml, const struct linux_machine *machine, unsigned bus,
		      uint32_t *top)
{
	size_t device, resources;
	char name[8];

	snprintf(name, sizeof(name), "PC%02X", bus & 0xff);
	device = aml_device(aml, name);
	write_eisa_id(aml, "_HID", "PNP0A08");
	write_eisa_id(aml, "_CID", "PNP0A03");
	write_integer(aml, "_UID", bus);
	write_integer(aml, "_BBN", bus);
	aml_name(aml, "_CRS");
	resources = aml_resources(aml);
	write_windows(aml, machine, bus, top);
	aml_end_resources(aml, resources);
	aml_end(aml, device);
}

void dsdt_write(struct aml *aml, const struct linux_machine *machine)
{
	uint32_t top = WINDOW_TOP;
	size_t scope;

	write_sleep(aml);
	scope = aml_scope(aml, "_SB_");
	write_uart(aml);
	write_button(aml);
	write_mmconfig(aml, machine);
	for (int bus = 0; bus <= machine_last_bus(machine); bus++)
		if (machine_has_bus(machine, (unsigned)bus))
			write_bus(aml, machine, (unsigned)bus, &top);
	aml_end(aml, scope);
}
