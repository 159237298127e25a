/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A 16550A as a cell of x86/pc.h finds it (Texas Instruments PC16550D, 8.0): registers, and what of
 * them is to be seen outside. It sends as fast as it is written to, so its transmitter is always
 * empty; what is typed waits in place of the wire. Caller has the lock of the machine.
 */
#ifndef X86_PC_UART_H
#define X86_PC_UART_H

#include <stdbool.h>
#include <stdint.h>

#define PC_UART_REGISTERS 8u
#define PC_UART_INPUT 512u /* bytes that wait; a power of two */
#define PC_UART_NOTHING (-1)

struct pc_uart {
	uint8_t interrupts; /* registers, as they were written */
	uint8_t fifo;
	uint8_t line_control;
	uint8_t modem_control;
	uint8_t scratch;
	uint8_t divisor[2];
	uint8_t modem_changes; /* bits 0-3 of the modem status */
	bool overrun;
	bool sent; /* the transmitter has become empty, and nobody has been told */
	bool line; /* its interrupt, as the I/O APIC sees it */
	bool edge; /* it has risen since pc_uart_take_edge() */
	uint8_t input[PC_UART_INPUT];
	uint32_t written; /* bytes ever; those from `read` on wait */
	uint32_t read;
};

/* As after power-on; nothing is typed. */
void pc_uart_reset(struct pc_uart *uart);

/* reg: below PC_UART_REGISTERS. A write may send a byte: PC_UART_NOTHING where it does not. */
uint8_t pc_uart_read(struct pc_uart *uart, unsigned reg);
int pc_uart_write(struct pc_uart *uart, unsigned reg, uint8_t value);

/* Bytes that may be typed now; while its receiver is off the wire, none. */
uint32_t pc_uart_room(const struct pc_uart *uart);
void pc_uart_type(struct pc_uart *uart, uint8_t byte); /* there is room */

/* Whether there has been an interrupt since the last time. */
bool pc_uart_take_edge(struct pc_uart *uart);

#endif
