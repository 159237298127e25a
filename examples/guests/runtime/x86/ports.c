/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports, and what is reached by them: PCI configuration (PCI Local Bus Specification 3.0,
 * 3.2.2.3.2). And where x86 has room for BARs.
 */
#include "internal.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc
#define ENABLE 0x80000000u

/* From FEC00000 on there are interrupt controllers and the firmware, and no BARs but these. */
const uint64_t bar_area_start = 0xfef00000, bar_area_end = 0xff000000;

uint8_t port_read8(uintptr_t port)
{
	return inb((uint16_t)port);
}

void port_write8(uintptr_t port, uint8_t value)
{
	outb((uint16_t)port, value);
}

static void select(uint16_t function, unsigned int offset)
{
	outl(PORT_ADDRESS, ENABLE | (uint32_t)function << 8 | (offset & 0xfc));
}

uint32_t pci_ports_read(uint16_t function, unsigned int offset)
{
	select(function, offset);
	return inl(PORT_DATA);
}

void pci_ports_write(uint16_t function, unsigned int offset, unsigned int size, uint32_t value)
{
	uint16_t port = (uint16_t)(PORT_DATA + (offset & 3));

	select(function, offset);
	if (size == 1)
		outb(port, (uint8_t)value);
	else if (size == 2)
		outw(port, (uint16_t)value);
	else
		outl(port, value);
}
