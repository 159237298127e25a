/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base address registers (PCI Local Bus Specification 3.0, 6.2.5.1), and the reset that clears them
 * (PCI Express Base Specification 3.0, 6.6.2 and 7.8).
 */
#include "internal.h"

#define BAR_IO 0x1u
#define BAR_TYPE 0x6u
#define BAR_TYPE_64BIT 0x4u
#define BAR_FLAGS_IO 0x3u
#define BAR_FLAGS_MEMORY 0xfu
#define PORTS 0x10000u

#define CAP_EXPRESS 0x10
#define EXPRESS_DEVICE_CAPABILITIES 4
#define EXPRESS_DEVICE_CONTROL 8
#define EXPRESS_DEVICE_STATUS 10
#define EXPRESS_CAN_RESET (1u << 28)
#define EXPRESS_RESET (1u << 15)
#define EXPRESS_PENDING (1u << 5)

#define RESET_MS 100 /* until it answers again, and at most until nothing is pending */

/* All of its address bits that can be ones are. */
static uint32_t ask_size(uint16_t function, unsigned int bar)
{
	uint32_t before = pci_read(function, PCI_BAR(bar), 4), ones;

	pci_write(function, PCI_BAR(bar), 4, UINT32_MAX);
	ones = pci_read(function, PCI_BAR(bar), 4);
	pci_write(function, PCI_BAR(bar), 4, before);
	return ones;
}

static uint64_t ask_mask(uint16_t function, unsigned int bar, const struct pci_bar *facts)
{
	uint32_t command = pci_read(function, PCI_COMMAND, 2);
	uint64_t mask;

	pci_write(function, PCI_COMMAND, 2, command & ~(PCI_COMMAND_MEMORY | PCI_COMMAND_IO));
	mask = ask_size(function, bar) & ~(facts->is_io ? BAR_FLAGS_IO : BAR_FLAGS_MEMORY);
	if (facts->is_io)
		mask |= 0xffffffffffff0000u; /* decoders of 16 bits leave the upper ones zero */
	else if (facts->is_64bit)
		mask |= (uint64_t)ask_size(function, bar + 1) << 32;
	else if (mask)
		mask |= 0xffffffff00000000u;
	pci_write(function, PCI_COMMAND, 2, command);
	return mask;
}

bool pci_get_bar(uint16_t function, unsigned int bar, struct pci_bar *ret)
{
	struct pci_bar facts = {0};
	uint32_t low;

	if (bar >= PCI_BARS)
		return false;
	low = pci_read(function, PCI_BAR(bar), 4);
	facts.is_io = low & BAR_IO;
	facts.is_64bit = !facts.is_io && (low & BAR_TYPE) == BAR_TYPE_64BIT && bar + 1 < PCI_BARS;
	facts.size = -ask_mask(function, bar, &facts);
	facts.address = low & ~(facts.is_io ? BAR_FLAGS_IO : BAR_FLAGS_MEMORY);
	if (facts.is_64bit)
		facts.address |= (uint64_t)pci_read(function, PCI_BAR(bar + 1), 4) << 32;

	/* Also where the mask has holes, so that the size is none. */
	if (!facts.size || (facts.size & (facts.size - 1)) || (facts.address & (facts.size - 1)) ||
	    (facts.is_io && facts.size == PORTS))
		return false;
	*ret = facts;
	return true;
}

void pci_set_bar(uint16_t function, unsigned int bar, uint64_t address)
{
	pci_write(function, PCI_BAR(bar), 4, (uint32_t)address);
	if ((pci_read(function, PCI_BAR(bar), 4) & (BAR_IO | BAR_TYPE)) == BAR_TYPE_64BIT)
		pci_write(function, PCI_BAR(bar + 1), 4, (uint32_t)(address >> 32));
}

/* Each has its pages to itself. 0: the area is full. */
static uint64_t place(uint64_t size)
{
	static uint64_t used;
	uint64_t pages = size < 4096 ? 4096 : size;
	uint64_t at = (bar_area_start + used + pages - 1) & -pages;

	if (at < bar_area_start || at > bar_area_end || bar_area_end - at < pages)
		return 0;
	used = at + pages - bar_area_start;
	return at;
}

uintptr_t pci_map(uint16_t function, unsigned int bar, uint64_t *ret_size)
{
	struct pci_bar facts;
	uintptr_t registers;

	if (!pci_get_bar(function, bar, &facts) || facts.is_io)
		return 0;
	if (!facts.address) {
		facts.address = place(facts.size);
		if (!facts.address)
			return 0;
		pci_set_bar(function, bar, facts.address);
	}
	registers = device_map(facts.address, facts.size);
	if (registers && ret_size)
		*ret_size = facts.size;
	return registers;
}

static bool wait_until_idle(uint16_t function, unsigned int express)
{
	for (unsigned int ms = 0; ms < RESET_MS; ms++) {
		if (!(pci_read(function, express + EXPRESS_DEVICE_STATUS, 2) & EXPRESS_PENDING))
			return true;
		delay_us(1000);
	}
	return false;
}

bool pci_reset(uint16_t function)
{
	unsigned int express = pci_find_capability(function, CAP_EXPRESS);
	uint32_t bars[PCI_BARS], command = pci_read(function, PCI_COMMAND, 2), control;

	if (!express ||
	    !(pci_read(function, express + EXPRESS_DEVICE_CAPABILITIES, 4) & EXPRESS_CAN_RESET))
		return false;

	for (unsigned int bar = 0; bar < PCI_BARS; bar++)
		bars[bar] = pci_read(function, PCI_BAR(bar), 4);
	pci_disable(function);
	if (!wait_until_idle(function, express))
		return false;

	control = pci_read(function, express + EXPRESS_DEVICE_CONTROL, 2);
	pci_write(function, express + EXPRESS_DEVICE_CONTROL, 2, control | EXPRESS_RESET);
	delay_us(RESET_MS * 1000);
	for (unsigned int bar = 0; bar < PCI_BARS; bar++)
		pci_write(function, PCI_BAR(bar), 4, bars[bar]);
	pci_write(function, PCI_COMMAND, 2, command);
	return pci_read(function, PCI_ID, 2) != UINT16_MAX;
}
