/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration (PCI Local Bus Specification 3.0, chapter 6): bus 0 by MMCONFIG where the comm
 * region has it, all else by ports, as nobody says how many buses more MMCONFIG has.
 *
 * What a function says of itself is believed only within bounds: it may be broken, or malicious.
 */
#include "internal.h"

#define BUS_SIZE 256 /* functions */
#define CONFIG_PAGE 4096
#define PORTS_REACH 256

#define CAPABILITIES 0x34
#define CAPABILITIES_FIRST 0x40
#define CAPABILITIES_MAX 48 /* of 4 bytes each, up to 256 */
#define STATUS 0x06
#define STATUS_CAPABILITIES 0x10

/* Zero where it is neither there nor reached. */
static uintptr_t config_page(uint16_t function)
{
	static uintptr_t base;
	static bool is_known;

	if (!is_known && comm->mmconfig_base)
		base = device_map(comm->mmconfig_base, BUS_SIZE * CONFIG_PAGE);
	is_known = true;
	return base && function < BUS_SIZE ? base + function * (uintptr_t)CONFIG_PAGE : 0;
}

static uint32_t read_aligned(uint16_t function, unsigned int offset)
{
	uintptr_t page = config_page(function);

	if (page)
		return mmio_read32(page + offset);
	return offset < PORTS_REACH ? pci_ports_read(function, offset) : UINT32_MAX;
}

uint32_t pci_read(uint16_t function, unsigned int offset, unsigned int size)
{
	uint32_t value = read_aligned(function, offset & ~3u) >> 8 * (offset & 3);

	return size == 4 ? value : value & ((1u << 8 * size) - 1);
}

uint64_t pci_read64(uint16_t function, unsigned int offset)
{
	return pci_read(function, offset, 4) | (uint64_t)pci_read(function, offset + 4, 4) << 32;
}

void pci_write(uint16_t function, unsigned int offset, unsigned int size, uint32_t value)
{
	uintptr_t page = config_page(function);

	if (!page && offset < PORTS_REACH)
		pci_ports_write(function, offset, size, value);
	else if (page && size == 1)
		mmio_write8(page + offset, (uint8_t)value);
	else if (page && size == 2)
		mmio_write16(page + offset, (uint16_t)value);
	else if (page)
		mmio_write32(page + offset, value);
}

/* The next function from `first` on whose dword at `offset` is `value`, of the bits of `mask`. */
static int find(unsigned int offset, uint32_t mask, uint32_t value, unsigned int first,
		unsigned int end)
{
	for (unsigned int function = first; function < end; function++)
		if ((pci_read((uint16_t)function, offset, 4) & mask) == value)
			return (int)function;
	return -1;
}

int pci_find_below(uint16_t vendor, uint16_t device, unsigned int first, unsigned int end)
{
	return find(PCI_ID, UINT32_MAX, (uint32_t)device << 16 | vendor, first, end);
}

int pci_find(uint16_t vendor, uint16_t device, unsigned int first)
{
	return pci_find_below(vendor, device, first, PCI_FUNCTIONS);
}

int pci_find_class(uint32_t class, unsigned int first)
{
	return find(PCI_CLASS, 0xffffff00u, class << 8, first, PCI_FUNCTIONS);
}

unsigned int pci_find_capability(uint16_t function, uint8_t id)
{
	unsigned int at = 0;

	if (pci_read(function, STATUS, 2) & STATUS_CAPABILITIES)
		at = pci_read(function, CAPABILITIES, 1) & ~3u;
	for (unsigned int i = 0; i < CAPABILITIES_MAX && at >= CAPABILITIES_FIRST; i++) {
		if (pci_read(function, at, 1) == id)
			return at;
		at = pci_read(function, at + 1, 1) & ~3u;
	}
	return 0;
}

void pci_enable(uint16_t function)
{
	uint32_t command = pci_read(function, PCI_COMMAND, 2);

	pci_write(function, PCI_COMMAND, 2,
		  command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF);
}

void pci_disable(uint16_t function)
{
	uint32_t command = pci_read(function, PCI_COMMAND, 2);

	pci_write(function, PCI_COMMAND, 2, command & ~(uint32_t)PCI_COMMAND_MASTER);
}
