/* SPDX-License-Identifier: BSD-2-Clause */
/* Intel 82093AA I/O Advanced Programmable Interrupt Controller, 3. */
#include "ioapic.h"

#include "internal.h"

#define INDEX 0x00u
#define DATA 0x10u
#define VERSION 1u
#define ENTRY(pin) (0x10u + 2 * (pin))
#define DESTINATION_SHIFT 56

static uint32_t read_register(unsigned int index)
{
	mmio_write32(IOAPIC_ADDRESS + INDEX, index);
	return mmio_read32(IOAPIC_ADDRESS + DATA);
}

static void write_register(unsigned int index, uint32_t value)
{
	mmio_write32(IOAPIC_ADDRESS + INDEX, index);
	mmio_write32(IOAPIC_ADDRESS + DATA, value);
}

unsigned int ioapic_version(void)
{
	return read_register(VERSION) & 0xff;
}

unsigned int ioapic_pins(void)
{
	return (read_register(VERSION) >> 16 & 0xff) + 1;
}

uint64_t ioapic_read(unsigned int pin)
{
	uint64_t low = read_register(ENTRY(pin));

	return low | (uint64_t)read_register(ENTRY(pin) + 1) << 32;
}

void ioapic_write(unsigned int pin, uint64_t entry)
{
	write_register(ENTRY(pin), (uint32_t)entry | IOAPIC_MASKED);
	write_register(ENTRY(pin) + 1, (uint32_t)(entry >> 32));
	write_register(ENTRY(pin), (uint32_t)entry);
}

bool ioapic_route(unsigned int pin, unsigned int vector, uint32_t flags)
{
	uint64_t entry = (uint64_t)apic_id() << DESTINATION_SHIFT | flags | vector;

	ioapic_write(pin, entry);
	return (ioapic_read(pin) & (IOAPIC_MASKED | 0xff)) == vector;
}

void ioapic_mask(unsigned int pin, bool masked)
{
	uint32_t low = read_register(ENTRY(pin)) & ~IOAPIC_MASKED;

	write_register(ENTRY(pin), low | (masked ? IOAPIC_MASKED : 0));
}
