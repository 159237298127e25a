/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/uart.h"

#include "arch/x86/machine.h"
#include "arch/x86/x86.h"

/* 16550 registers */
#define UART_DATA 0
#define UART_INTERRUPTS 1
#define UART_LINE_CONTROL 3
#define UART_LINE_STATUS 5
#define LINE_CONTROL_8N1 0x03
#define LINE_CONTROL_DIVISOR 0x80
#define LINE_STATUS_EMPTY 0x20

void uart_init(void)
{
	uint16_t port = machine.system.debug_port;

	if (!port)
		return;

	port_write8(port + UART_INTERRUPTS, 0);
	port_write8(port + UART_LINE_CONTROL, LINE_CONTROL_DIVISOR);
	port_write8(port + UART_DATA, 1); /* 115200 baud */
	port_write8(port + UART_INTERRUPTS, 0);
	port_write8(port + UART_LINE_CONTROL, LINE_CONTROL_8N1);
}

static void uart_send(uint16_t port, char c)
{
	/* A UART that does not answer must not hold the machine. */
	for (unsigned tries = 0; tries < 100000; tries++)
		if (port_read8(port + UART_LINE_STATUS) & LINE_STATUS_EMPTY)
			break;
	port_write8(port + UART_DATA, (uint8_t)c);
}

void arch_debug_put(char c)
{
	uint16_t port = machine.system.debug_port;

	if (!port)
		return;

	if (c == '\n')
		uart_send(port, '\r');
	uart_send(port, c);
}
