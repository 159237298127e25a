/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A UART (PC16550D) with its interrupt, by a pin of the I/O APIC: what it sends it receives itself
 * (loop mode), each byte by an interrupt of its own. Words of the command line:
 *
 *   port=NUMBER     where it is (default 0x2e8)
 *   pin=NUMBER      of the I/O APIC (default 7)
 *   rounds=NUMBER   how often it sends its line silently (default 0)
 */
#include "device.h"
#include "runtime/x86/ioapic.h"
#include "runtime/x86/x86.h"

#define DATA 0
#define INTERRUPT_ENABLE 1
#define WHEN_RECEIVED 0x01
#define FIFO_CONTROL 2
#define LINE_CONTROL 3
#define EIGHT_BITS 0x03
#define MODEM_CONTROL 4
#define LOOP 0x10
#define OUT2 0x08 /* lets its interrupt out, where there is a gate */
#define LINE_STATUS 5
#define RECEIVED 0x01

#define NOT_OURS 4	/* the pin of Linux's console */
#define VECTOR_OTHER 49 /* of VECTOR_DEVICE's kind, and without a handler */
#define DELIVERY(mode) ((mode) << 8)
#define DESTINATION(id) ((uint64_t)(id) << 56)
#define LOGICAL 0x800u

static const char line[] = "The quick brown fox jumps over the lazy dog";
static uint16_t port;
static unsigned int pin;
static uint64_t rounds;
static volatile char received;

static void on_interrupt(void)
{
	received = (char)inb(port + DATA);
}

/* One byte there and back; whether its interrupt came. */
static bool echo(char c)
{
	received = 0;
	outb(port + DATA, (uint8_t)c);
	return device_wait() && received == c;
}

static unsigned int echo_line(void)
{
	unsigned int right = 0;

	for (unsigned int i = 0; line[i]; i++)
		right += echo(line[i]);
	return right;
}

/* The same without a timer, and with no end where it does not come: nothing leaves the guest. */
static unsigned int echo_silently(void)
{
	unsigned int before = device_interrupts();

	for (unsigned int i = 0; line[i]; i++) {
		received = 0;
		outb(port + DATA, (uint8_t)line[i]);
		while (received != line[i])
			cpu_idle();
	}
	return device_interrupts() - before;
}

/* A byte whose interrupt is to reach nobody, and is fetched here. */
static void send_silently(char c)
{
	outb(port + DATA, (uint8_t)c);
	while (!(inb(port + LINE_STATUS) & RECEIVED))
		cpu_relax();
	inb(port + DATA);
}

static void check_chip(void)
{
	uint64_t before = ioapic_read(NOT_OURS);

	verdict("uart-pins", ioapic_pins() == 24, "lines of the I/O APIC", ioapic_pins());
	verdict("uart-version", ioapic_version() >= 0x11, "its version", ioapic_version());
	ioapic_write(NOT_OURS, VECTOR_OTHER | DESTINATION(apic_id()));
	verdict("uart-foreign-pin",
		before == IOAPIC_MASKED && ioapic_read(NOT_OURS) == IOAPIC_MASKED,
		"an entry that is Linux's", ioapic_read(NOT_OURS));
	/* Registers have 32 bits; what else does is not said. */
	mmio_write8(IOAPIC_ADDRESS, 0x10);
	mmio_write16(IOAPIC_ADDRESS + 0x10, 0);
	mmio_write64(IOAPIC_ADDRESS + 0x10, 0);
	mmio_write32(IOAPIC_ADDRESS + 0xff0, 0);
	(void)mmio_read8(IOAPIC_ADDRESS);
	(void)mmio_read64(IOAPIC_ADDRESS + 0x8);
}

static void check_line(void)
{
	unsigned int before = device_interrupts(), right = echo_line(), length = sizeof(line) - 1;

	verdict("uart-echo", right == length, "bytes that came back", right);
	verdict("uart-interrupts", device_interrupts() - before == length, "their interrupts",
		device_interrupts() - before);
}

/* The halves in either order, and a mask that is taken off again. */
static void check_orders(void)
{
	ioapic_mask(pin, true);
	send_silently('m');
	ioapic_mask(pin, false);
	verdict("uart-mask", echo('u'), "a byte after the mask", (uint8_t)received);

	mmio_write32(IOAPIC_ADDRESS, 0x10 + 2 * pin + 1);
	mmio_write32(IOAPIC_ADDRESS + 0x10, (uint32_t)(DESTINATION(apic_id()) >> 32));
	mmio_write32(IOAPIC_ADDRESS, 0x10 + 2 * pin);
	mmio_write32(IOAPIC_ADDRESS + 0x10, VECTOR_DEVICE | DELIVERY(1u));
	verdict("uart-order", echo('o'), "a byte, upper half first", (uint8_t)received);
}

/* NMI, SMI, INIT and the like, and whom the cell does not have: none of it reaches anybody. */
static void check_hostile(void)
{
	static const uint64_t entries[] = {
		DELIVERY(2), DELIVERY(3), DELIVERY(4), DELIVERY(5), DELIVERY(6), DELIVERY(7), 5,
	};
	unsigned int before = device_interrupts();

	for (unsigned int i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		ioapic_write(pin, entries[i] | DESTINATION(apic_id()) |
					  (entries[i] & 0xff ? 0 : VECTOR_DEVICE));
		send_silently('h');
	}
	for (unsigned int id = 0; id < 256; id++) {
		if (id == apic_id() || id == 0xff)
			continue;
		ioapic_write(pin, VECTOR_DEVICE | DESTINATION(id));
		send_silently('f');
	}
	ioapic_write(pin, VECTOR_DEVICE | LOGICAL);
	send_silently('n');
	ioapic_route(pin, VECTOR_DEVICE, 0);
	verdict("uart-hostile", echo('e') && device_interrupts() == before + 1,
		"interrupts afterwards", device_interrupts() - before);
}

static bool open(void)
{
	uint64_t number, wanted_port;

	if (!command_line_number("port", 0x2e8, &wanted_port) ||
	    !command_line_number("pin", 7, &number) || !command_line_number("rounds", 0, &rounds))
		return verdict("uart", false, "port= or pin= or rounds= is no number", 0);
	port = (uint16_t)wanted_port;
	pin = (unsigned int)number;
	outb(port + FIFO_CONTROL, 0);
	outb(port + LINE_CONTROL, EIGHT_BITS);
	outb(port + MODEM_CONTROL, LOOP | OUT2);
	(void)inb(port + DATA);
	outb(port + INTERRUPT_ENABLE, WHEN_RECEIVED);
	device_start(on_interrupt);
	return true;
}

static void close(void)
{
	outb(port + INTERRUPT_ENABLE, 0);
	outb(port + MODEM_CONTROL, 0);
}

void guest_main(void)
{
	if (open()) {
		check_chip();
		verdict("uart-route", ioapic_route(pin, VECTOR_DEVICE, 0), "its entry",
			ioapic_read(pin));
		check_line();
		check_orders();
		check_hostile();
		for (uint64_t round = 0; round < rounds; round++)
			if (echo_silently() != sizeof(line) - 1)
				verdict("uart-rounds", false, "round", round);
		printk("uart: all done, %u interrupts\n", device_interrupts());
		close();
	}
	device_finish();
}
