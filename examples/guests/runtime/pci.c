/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration: by MMCONFIG where the comm region has it, else by ports (PCI Local Bus
 * Specification 3.0, 3.2.2.3 and 6; MSI-X: 6.8.2).
 */
#include "internal.h"

#define CAPABILITIES 0x34
#define STATUS 0x06
#define STATUS_CAPABILITIES 0x10
#define CAP_MSIX 0x11
#define MSIX_CONTROL 2
#define MSIX_TABLE 4
#define MSIX_ENABLE 0x8000
#define BAR_64BIT 0x4

static uintptr_t config_address(uint16_t function, unsigned int offset)
{
	return (uintptr_t)comm->mmconfig_base + ((uintptr_t)function << 12) + offset;
}

/* MMCONFIG above what is mapped is as good as none. */
static bool has_mmconfig(void)
{
	return comm->mmconfig_base && comm->mmconfig_base < 0xf0000000u;
}

uint32_t pci_read(uint16_t function, unsigned int offset, unsigned int size)
{
	uint32_t value;

	if (has_mmconfig())
		value = mmio_read32(config_address(function, offset & ~3u));
	else
		value = pci_ports_read(function, offset & ~3u);
	value >>= 8 * (offset & 3);
	return size == 4 ? value : value & ((1u << 8 * size) - 1);
}

uint64_t pci_read64(uint16_t function, unsigned int offset)
{
	return pci_read(function, offset, 4) | (uint64_t)pci_read(function, offset + 4, 4) << 32;
}

void pci_write(uint16_t function, unsigned int offset, unsigned int size, uint32_t value)
{
	if (!has_mmconfig())
		pci_ports_write(function, offset, size, value);
	else if (size == 1)
		mmio_write8(config_address(function, offset), (uint8_t)value);
	else if (size == 2)
		mmio_write16(config_address(function, offset), (uint16_t)value);
	else
		mmio_write32(config_address(function, offset), value);
}

int pci_find(uint16_t vendor, uint16_t device, unsigned int first)
{
	for (unsigned int function = first; function < 256; function++)
		if (pci_read((uint16_t)function, PCI_ID, 4) == ((uint32_t)device << 16 | vendor))
			return (int)function;
	return -1;
}

unsigned int pci_find_capability(uint16_t function, uint8_t id)
{
	unsigned int at = 0;

	if (pci_read(function, STATUS, 2) & STATUS_CAPABILITIES)
		at = pci_read(function, CAPABILITIES, 1);
	while (at && pci_read(function, at, 1) != id)
		at = pci_read(function, at + 1, 1);
	return at;
}

uint32_t pci_bar_size(uint16_t function, unsigned int bar)
{
	unsigned int offset = PCI_BAR(bar);
	uint32_t before = pci_read(function, offset, 4), size;

	pci_write(function, offset, 4, UINT32_MAX);
	size = ~(pci_read(function, offset, 4) & ~0xfu) + 1;
	pci_write(function, offset, 4, before);
	return size;
}

void pci_set_bar(uint16_t function, unsigned int bar, uint64_t address)
{
	pci_write(function, PCI_BAR(bar), 4, (uint32_t)address);
	if (pci_read(function, PCI_BAR(bar), 4) & BAR_64BIT)
		pci_write(function, PCI_BAR(bar + 1), 4, (uint32_t)(address >> 32));
}

void pci_enable(uint16_t function)
{
	pci_write(function, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* The table's BAR is where it is mapped one to one. */
static uintptr_t msix_table(uint16_t function, unsigned int capability)
{
	uint32_t table = pci_read(function, capability + MSIX_TABLE, 4);

	return (pci_read(function, PCI_BAR(table & 7), 4) & ~0xfu) + (table & ~7u);
}

bool pci_msix_set(uint16_t function, unsigned int entry, unsigned int vector)
{
	unsigned int capability = pci_find_capability(function, CAP_MSIX);
	uintptr_t at;

	if (!capability)
		return false;

	at = msix_table(function, capability) + entry * 16;
	mmio_write32(at, (uint32_t)msi_address());
	mmio_write32(at + 4, (uint32_t)(msi_address() >> 32));
	mmio_write32(at + 8, vector);
	mmio_write32(at + 12, 0);
	pci_write(function, capability + MSIX_CONTROL, 2, MSIX_ENABLE);
	return true;
}

void pci_msix_mask(uint16_t function, unsigned int entry, bool masked)
{
	unsigned int capability = pci_find_capability(function, CAP_MSIX);

	mmio_write32(msix_table(function, capability) + entry * 16 + 12, masked);
}
