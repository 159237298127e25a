/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/pc_uart.h"

/* Registers; behind the divisor bit the first two are the divisor. */
enum { DATA, INTERRUPTS, FIFO, LINE_CONTROL, MODEM_CONTROL, LINE_STATUS, MODEM_STATUS, SCRATCH };
#define IDENTIFICATION FIFO /* when read */

/* Interrupts that are enabled */
#define ENABLE_RECEIVED 0x01u
#define ENABLE_SENT 0x02u
#define ENABLE_LINE 0x04u
#define ENABLE_MODEM 0x08u
#define ENABLE_ALL 0x0fu

/* ... and identified, by priority: 8.6, table 4 */
#define NO_INTERRUPT 0x01u
#define IS_LINE 0x06u
#define IS_RECEIVED 0x04u
#define IS_TIMEOUT 0x0cu
#define IS_SENT 0x02u
#define IS_MODEM 0x00u
#define HAS_FIFOS 0xc0u

#define FIFO_ENABLE 0x01u
#define FIFO_CLEAR_RECEIVER 0x02u
#define FIFO_KEPT 0xc1u
#define FIFO_TRIGGER_SHIFT 6
#define FIFO_SIZE 16u

#define DIVISOR_ACCESS 0x80u

#define CONTROL_DTR 0x01u
#define CONTROL_RTS 0x02u
#define CONTROL_OUT1 0x04u
#define CONTROL_OUT2 0x08u /* on a PC: lets its interrupt out */
#define CONTROL_LOOP 0x10u
#define CONTROL_ALL 0x1fu

#define STATUS_DATA 0x01u
#define STATUS_OVERRUN 0x02u
#define STATUS_EMPTY 0x60u /* the transmitter's register, and itself */

#define MODEM_CTS 0x10u
#define MODEM_DSR 0x20u
#define MODEM_RI 0x40u
#define MODEM_DCD 0x80u
#define MODEM_CHANGE_SHIFT 4

void pc_uart_reset(struct pc_uart *uart)
{
	*uart = (struct pc_uart){0};
}

static bool loops(const struct pc_uart *uart)
{
	return uart->modem_control & CONTROL_LOOP;
}

static uint32_t waiting(const struct pc_uart *uart)
{
	return uart->written - uart->read;
}

static uint32_t trigger(const struct pc_uart *uart)
{
	static const uint8_t levels[] = {1, 4, 8, 14};

	return uart->fifo & FIFO_ENABLE ? levels[uart->fifo >> FIFO_TRIGGER_SHIFT] : 1;
}

/* What is most urgent of what is enabled. No time passes: what is below the trigger is late. */
static uint8_t identify(const struct pc_uart *uart)
{
	if (uart->interrupts & ENABLE_LINE && uart->overrun)
		return IS_LINE;
	if (uart->interrupts & ENABLE_RECEIVED && waiting(uart))
		return waiting(uart) >= trigger(uart) ? IS_RECEIVED : IS_TIMEOUT;
	if (uart->interrupts & ENABLE_SENT && uart->sent)
		return IS_SENT;
	if (uart->interrupts & ENABLE_MODEM && uart->modem_changes)
		return IS_MODEM;
	return NO_INTERRUPT;
}

static void update_line(struct pc_uart *uart)
{
	bool line = identify(uart) != NO_INTERRUPT && uart->modem_control & CONTROL_OUT2 &&
		    !loops(uart);

	uart->edge |= line && !uart->line;
	uart->line = line;
}

bool pc_uart_take_edge(struct pc_uart *uart)
{
	bool edge = uart->edge;

	uart->edge = false;
	return edge;
}

uint32_t pc_uart_room(const struct pc_uart *uart)
{
	return loops(uart) ? 0 : PC_UART_INPUT - waiting(uart);
}

static void put(struct pc_uart *uart, uint8_t byte)
{
	uart->input[uart->written++ % PC_UART_INPUT] = byte;
}

void pc_uart_type(struct pc_uart *uart, uint8_t byte)
{
	put(uart, byte);
	update_line(uart);
}

static uint8_t take(struct pc_uart *uart)
{
	return waiting(uart) ? uart->input[uart->read++ % PC_UART_INPUT] : 0;
}

/* 8.8: in the loop the outputs are the inputs. Outside somebody is there, always. */
static uint8_t modem_inputs(uint8_t control)
{
	if (!(control & CONTROL_LOOP))
		return MODEM_CTS | MODEM_DSR | MODEM_DCD;
	return (uint8_t)((control & CONTROL_RTS ? MODEM_CTS : 0) |
			 (control & CONTROL_DTR ? MODEM_DSR : 0) |
			 (control & CONTROL_OUT1 ? MODEM_RI : 0) |
			 (control & CONTROL_OUT2 ? MODEM_DCD : 0));
}

/* Of the ring only its end counts. */
static void set_modem_control(struct pc_uart *uart, uint8_t value)
{
	uint8_t before = modem_inputs(uart->modem_control), after = modem_inputs(value);
	uint8_t changed = (uint8_t)((before ^ after) & ~(after & MODEM_RI));

	uart->modem_control = value;
	uart->modem_changes |= (uint8_t)(changed >> MODEM_CHANGE_SHIFT);
}

static void set_fifo(struct pc_uart *uart, uint8_t value)
{
	if ((uart->fifo ^ value) & FIFO_ENABLE || value & FIFO_CLEAR_RECEIVER)
		uart->read = uart->written;
	uart->fifo = value & FIFO_ENABLE ? value & FIFO_KEPT : 0;
}

/* The transmitter is empty: whoever asks to be told is told at once. */
static void set_interrupts(struct pc_uart *uart, uint8_t value)
{
	if (value & ENABLE_SENT && !(uart->interrupts & ENABLE_SENT))
		uart->sent = true;
	uart->interrupts = value & ENABLE_ALL;
}

static void loop_back(struct pc_uart *uart, uint8_t byte)
{
	if (waiting(uart) < (uart->fifo & FIFO_ENABLE ? FIFO_SIZE : 1))
		put(uart, byte);
	else
		uart->overrun = true;
}

/* The byte ends what the guest had been told, and once it is out there is something new to tell. */
static int send(struct pc_uart *uart, uint8_t byte)
{
	bool inside = loops(uart);

	uart->sent = false;
	update_line(uart);
	if (inside)
		loop_back(uart, byte);
	uart->sent = true;
	return inside ? PC_UART_NOTHING : byte;
}

static uint8_t read_identification(struct pc_uart *uart)
{
	uint8_t found = identify(uart);

	if (found == IS_SENT)
		uart->sent = false;
	return found | (uart->fifo & FIFO_ENABLE ? HAS_FIFOS : 0);
}

static uint8_t read_line_status(struct pc_uart *uart)
{
	uint8_t status = STATUS_EMPTY | (waiting(uart) ? STATUS_DATA : 0) |
			 (uart->overrun ? STATUS_OVERRUN : 0);

	uart->overrun = false;
	return status;
}

static uint8_t read_modem_status(struct pc_uart *uart)
{
	uint8_t status = modem_inputs(uart->modem_control) | uart->modem_changes;

	uart->modem_changes = 0;
	return status;
}

static uint8_t read_register(struct pc_uart *uart, unsigned reg)
{
	switch (reg) {
	case DATA:
		return take(uart);
	case INTERRUPTS:
		return uart->interrupts;
	case IDENTIFICATION:
		return read_identification(uart);
	case LINE_CONTROL:
		return uart->line_control;
	case MODEM_CONTROL:
		return uart->modem_control;
	case LINE_STATUS:
		return read_line_status(uart);
	case MODEM_STATUS:
		return read_modem_status(uart);
	default:
		return uart->scratch;
	}
}

static int write_register(struct pc_uart *uart, unsigned reg, uint8_t value)
{
	switch (reg) {
	case DATA:
		return send(uart, value);
	case INTERRUPTS:
		set_interrupts(uart, value);
		break;
	case FIFO:
		set_fifo(uart, value);
		break;
	case LINE_CONTROL:
		uart->line_control = value;
		break;
	case MODEM_CONTROL:
		set_modem_control(uart, value & CONTROL_ALL);
		break;
	case SCRATCH:
		uart->scratch = value;
		break;
	default:
		break;
	}
	return PC_UART_NOTHING;
}

static bool is_divisor(const struct pc_uart *uart, unsigned reg)
{
	return uart->line_control & DIVISOR_ACCESS && reg <= INTERRUPTS;
}

uint8_t pc_uart_read(struct pc_uart *uart, unsigned reg)
{
	uint8_t value = is_divisor(uart, reg) ? uart->divisor[reg] : read_register(uart, reg);

	update_line(uart);
	return value;
}

int pc_uart_write(struct pc_uart *uart, unsigned reg, uint8_t value)
{
	int sent = PC_UART_NOTHING;

	if (is_divisor(uart, reg))
		uart->divisor[reg] = value;
	else
		sent = write_register(uart, reg, value);
	update_line(uart);
	return sent;
}
