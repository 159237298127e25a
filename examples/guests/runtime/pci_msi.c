/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Message-signalled interrupts (PCI Local Bus Specification 3.0, 6.8). A message is changed while
 * it is disabled or masked only.
 */
#include "internal.h"

#define CAP_MSI 0x05
#define MSI_CONTROL 2
#define MSI_ENABLE 0x0001u
#define MSI_MESSAGES 0x0070u /* how many: 0 is one */
#define MSI_64BIT 0x0080u
#define MSI_MASKABLE 0x0100u
#define MSI_ADDRESS 4

#define CAP_MSIX 0x11
#define MSIX_CONTROL 2
#define MSIX_TABLE 4
#define MSIX_COUNT 0x07ffu
#define MSIX_FUNCTION_MASK 0x4000u
#define MSIX_ENABLE 0x8000u
#define MSIX_BAR 0x7u
#define MSIX_ENTRY 16
#define MSIX_MASKED 1u

#define BAR_FLAGS 0xfu
#define BAR_TYPE 0x7u
#define BAR_TYPE_64BIT 0x4u

/* Behind the data, of 2 bytes and 2 unused ones, is the mask (6.8.1). */
static unsigned int msi_data(uint32_t control)
{
	return MSI_ADDRESS + (control & MSI_64BIT ? 8 : 4);
}

bool pci_msi_set(uint16_t function, unsigned int vector)
{
	unsigned int at = pci_find_capability(function, CAP_MSI);
	uint32_t control;

	if (!at)
		return false;

	control = pci_read(function, at + MSI_CONTROL, 2) & ~(MSI_ENABLE | MSI_MESSAGES);
	pci_write(function, at + MSI_CONTROL, 2, control);
	pci_write(function, at + MSI_ADDRESS, 4, (uint32_t)msi_address());
	if (control & MSI_64BIT)
		pci_write(function, at + MSI_ADDRESS + 4, 4, (uint32_t)(msi_address() >> 32));
	pci_write(function, at + msi_data(control), 2, vector);
	if (control & MSI_MASKABLE)
		pci_write(function, at + msi_data(control) + 4, 4, 0);
	pci_write(function, at + MSI_CONTROL, 2, control | MSI_ENABLE);
	return true;
}

bool pci_msi_mask(uint16_t function, bool masked)
{
	unsigned int at = pci_find_capability(function, CAP_MSI);
	uint32_t control = at ? pci_read(function, at + MSI_CONTROL, 2) : 0;

	if (!(control & MSI_MASKABLE))
		return false;
	pci_write(function, at + msi_data(control) + 4, 4, masked);
	return true;
}

unsigned int pci_msix_entries(uint16_t function)
{
	unsigned int at = pci_find_capability(function, CAP_MSIX);

	return at ? (pci_read(function, at + MSIX_CONTROL, 2) & MSIX_COUNT) + 1 : 0;
}

/* Zero: it is nowhere. Without asking for its size, as the function may be at work. */
static uint64_t bar_address(uint16_t function, unsigned int bar)
{
	uint32_t low = pci_read(function, PCI_BAR(bar), 4);
	uint64_t address = low & ~BAR_FLAGS;

	if ((low & BAR_TYPE) == BAR_TYPE_64BIT && bar + 1 < PCI_BARS)
		address |= (uint64_t)pci_read(function, PCI_BAR(bar + 1), 4) << 32;
	return address;
}

/* Zero where the function has no such entry, or its BAR cannot be mapped. */
static uintptr_t msix_entry(uint16_t function, unsigned int entry)
{
	unsigned int at = pci_find_capability(function, CAP_MSIX);
	uint64_t address;
	uint32_t table;

	if (entry >= pci_msix_entries(function))
		return 0;
	table = pci_read(function, at + MSIX_TABLE, 4);
	if ((table & MSIX_BAR) >= PCI_BARS)
		return 0;
	address = bar_address(function, table & MSIX_BAR);
	if (!address)
		address = pci_map(function, table & MSIX_BAR, NULL);
	if (!address || !device_map(address, MSIX_ENTRY)) /* so that the sum is none of RAM's */
		return 0;
	return device_map(address + (table & ~MSIX_BAR) + entry * MSIX_ENTRY, MSIX_ENTRY);
}

bool pci_msix_set(uint16_t function, unsigned int entry, unsigned int vector)
{
	unsigned int control = pci_find_capability(function, CAP_MSIX) + MSIX_CONTROL;
	uintptr_t at = msix_entry(function, entry);

	if (!at)
		return false;

	mmio_write32(at + 12, MSIX_MASKED);
	mmio_write32(at, (uint32_t)msi_address());
	mmio_write32(at + 4, (uint32_t)(msi_address() >> 32));
	mmio_write32(at + 8, vector);
	mmio_write32(at + 12, 0);
	pci_write(function, control, 2,
		  (pci_read(function, control, 2) | MSIX_ENABLE) & ~MSIX_FUNCTION_MASK);
	return true;
}

bool pci_msix_mask(uint16_t function, unsigned int entry, bool masked)
{
	uintptr_t at = msix_entry(function, entry);

	if (!at)
		return false;
	mmio_write32(at + 12, masked ? MSIX_MASKED : 0);
	return true;
}
