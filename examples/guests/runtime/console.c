/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console that the comm region names. 8250 registers: TI PC16550D data sheet, table II.
 */
#include "internal.h"

#define UART_DATA 0 /* divisor latch, low byte, while DLAB is set */
#define UART_DIVISOR_HIGH 1
#define UART_LINE_CONTROL 3
#define UART_LINE_STATUS 5
#define LINE_CONTROL_8N1 0x03
#define LINE_CONTROL_DLAB 0x80
#define LINE_STATUS_THR_EMPTY 0x20

static void (*console_write)(char c);

static uintptr_t uart_address(unsigned int reg)
{
	unsigned int shift = comm->console.flags & CELLHV_CONSOLE_FLAG_DISTANCE_4 ? 2 : 0;

	return (uintptr_t)comm->console.address + (reg << shift);
}

static uint8_t uart_read(unsigned int reg)
{
	uintptr_t address = uart_address(reg);

	if (!(comm->console.flags & CELLHV_CONSOLE_FLAG_MMIO))
		return port_read8(address);
	if (comm->console.flags & CELLHV_CONSOLE_FLAG_DISTANCE_4)
		return (uint8_t)mmio_read32(address);
	return mmio_read8(address);
}

static void uart_write(unsigned int reg, uint8_t value)
{
	uintptr_t address = uart_address(reg);

	if (!(comm->console.flags & CELLHV_CONSOLE_FLAG_MMIO))
		port_write8(address, value);
	else if (comm->console.flags & CELLHV_CONSOLE_FLAG_DISTANCE_4)
		mmio_write32(address, value);
	else
		mmio_write8(address, value);
}

static void uart_putc(char c)
{
	while (!(uart_read(UART_LINE_STATUS) & LINE_STATUS_THR_EMPTY))
		cpu_relax();
	uart_write(UART_DATA, (uint8_t)c);
}

static void uart_console_write(char c)
{
	if (c == '\n')
		uart_putc('\r');
	uart_putc(c);
}

static void uart_init(uint32_t divider)
{
	uart_write(UART_LINE_CONTROL, LINE_CONTROL_8N1 | LINE_CONTROL_DLAB);
	uart_write(UART_DATA, (uint8_t)divider);
	uart_write(UART_DIVISOR_HIGH, (uint8_t)(divider >> 8));
	uart_write(UART_LINE_CONTROL, LINE_CONTROL_8N1);
}

void console_init(void)
{
	if (comm->flags & CELLHV_COMM_FLAG_CONSOLE_ACTIVE) {
		console_write = hypercall_putc;
	} else if (comm->console.type == CELLHV_CONSOLE_8250) {
		if (comm->console.divider)
			uart_init(comm->console.divider);
		console_write = uart_console_write;
	}
}

/* A cell may have no console at all. */
void console_putc(char c)
{
	if (console_write)
		console_write(c);
}
