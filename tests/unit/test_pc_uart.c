/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The UART of a PC's cell, as drivers find, probe and use one, and as nobody should. */
#include <stdlib.h>

#include "arch/x86/pc_uart.h"
#include "check.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };
#define FCR IIR
#define OUT2 0x08
#define LOOP 0x10

static struct pc_uart uart;

static void start(void)
{
	memset(&uart, 0xaa, sizeof(uart));
	pc_uart_reset(&uart);
}

static uint8_t in(unsigned reg)
{
	return pc_uart_read(&uart, reg);
}

static void out(unsigned reg, uint8_t value)
{
	CHECK_EQ(pc_uart_write(&uart, reg, value), PC_UART_NOTHING);
}

static void type(const char *text)
{
	while (*text && pc_uart_room(&uart))
		pc_uart_type(&uart, (uint8_t)*text++);
}

/* As an interrupt handler that serves until nothing is left would have to be called again. */
static bool edge(void)
{
	return pc_uart_take_edge(&uart);
}

TEST(as_after_power_on)
{
	start();
	CHECK_EQ(in(IER), 0);
	CHECK_EQ(in(IIR), 0x01);
	CHECK_EQ(in(LCR), 0);
	CHECK_EQ(in(MCR), 0);
	CHECK_EQ(in(LSR), 0x60);
	CHECK_EQ(in(MSR), 0xb0);
	CHECK_EQ(in(DATA), 0);
	CHECK(!edge());
}

/* What Linux looks at before it takes the chip for a 16550A (its 8250 driver). */
TEST(is_found_as_a_16550a)
{
	start();
	out(IER, 0);
	CHECK_EQ(in(IER)&0x0f, 0);
	out(IER, 0x0f);
	CHECK_EQ(in(IER), 0x0f);
	out(IER, 0xff); /* no sleep, no Intel bit */
	CHECK_EQ(in(IER), 0x0f);
	out(IER, 0);
	out(MCR, LOOP | OUT2 | 0x02);
	CHECK_EQ(in(MSR)&0xf0, 0x90);
	out(MCR, 0);
	out(FCR, 0x01);
	CHECK_EQ(in(IIR) >> 6, 3);
	out(FCR, 0x21); /* 64 bytes: not here */
	CHECK_EQ(in(IIR) >> 5, 6);
	out(LCR, 0x80);
	CHECK(in(IIR)); /* no EFR */
	out(FCR, 0x21);
	CHECK_EQ(in(IIR) >> 5, 6);
	out(LCR, 0xbf);
	CHECK(in(IIR));
	out(LCR, 0);
	out(FCR, 0);
	CHECK_EQ(in(IIR) >> 6, 0);
	out(SCR, 0x5a);
	CHECK_EQ(in(SCR), 0x5a);
}

TEST(the_divisor_is_behind_its_bit)
{
	start();
	out(LCR, 0x83);
	out(DATA, 0x0c);
	out(IER, 0x01);
	CHECK_EQ(in(DATA), 0x0c);
	CHECK_EQ(in(IER), 0x01);
	out(LCR, 0x03);
	CHECK_EQ(in(IER), 0);
	CHECK_EQ(in(DATA), 0);
	CHECK_EQ(pc_uart_write(&uart, DATA, 'x'), 'x');
}

/* The queue is as long as the chip's: a driver counts what comes back. */
TEST(the_loop_is_inside)
{
	unsigned count = 0;

	start();
	out(FCR, 0x07);
	out(MCR, LOOP);
	CHECK_EQ(pc_uart_room(&uart), 0);
	for (unsigned i = 0; i < 256; i++)
		out(DATA, (uint8_t)i);
	CHECK_EQ(in(LSR), 0x63);
	CHECK_EQ(in(LSR), 0x61);
	while (in(LSR)&1) {
		CHECK_EQ(in(DATA), count);
		count++;
	}
	CHECK_EQ(count, 16);
	out(FCR, 0);
	out(DATA, 1);
	out(DATA, 2);
	CHECK_EQ(in(LSR), 0x63);
	CHECK_EQ(in(DATA), 1);
	CHECK_EQ(in(LSR), 0x60);
	/* Nothing of it is an interrupt: that pin is off, too. */
	out(IER, 0x0f);
	out(MCR, LOOP | OUT2);
	out(DATA, 3);
	CHECK_EQ(in(IIR), 0x04);
	CHECK(!edge());
}

TEST(modem_lines_change)
{
	start();
	out(MCR, LOOP | 0x0f);
	CHECK_EQ(in(MSR), 0xf0); /* RI counts when it ends; the others were there before */
	out(MCR, LOOP);
	CHECK_EQ(in(MSR), 0x0f);
	CHECK_EQ(in(MSR), 0x00);
	out(MCR, OUT2);
	CHECK(!edge());
	out(IER, 0x08);
	CHECK(edge());
	CHECK_EQ(in(IIR), 0x00);
	CHECK_EQ(in(MSR), 0xbb);
	CHECK_EQ(in(IIR), 0x01);
	out(MSR, 0xff);
	out(LSR, 0xff);
	CHECK_EQ(in(MSR), 0xb0);
	CHECK_EQ(in(LSR), 0x60);
}

TEST(each_byte_sent_is_an_interrupt)
{
	start();
	out(IER, 0x02);
	CHECK(!edge()); /* OUT2 is off */
	CHECK_EQ(in(IIR), 0x02);
	out(MCR, OUT2);
	CHECK(!edge());
	CHECK_EQ(pc_uart_write(&uart, DATA, 'a'), 'a');
	CHECK(edge() && !edge());
	/* One that nobody has asked about ends by the next byte, which is another. */
	CHECK_EQ(pc_uart_write(&uart, DATA, 'b'), 'b');
	CHECK(edge());
	CHECK_EQ(in(IIR), 0x02);
	CHECK_EQ(in(IIR), 0x01);
	CHECK(!edge());
	/* Off and on: it is told anew, as the transmitter is empty. */
	out(IER, 0);
	CHECK_EQ(in(IIR), 0x01);
	out(IER, 0x02);
	CHECK(edge());
	CHECK_EQ(in(IIR), 0x02);
	/* On again while it is on is nothing. */
	out(IER, 0x02);
	CHECK(!edge());
	CHECK_EQ(in(IIR), 0x01);
}

TEST(what_is_typed_comes_in)
{
	start();
	out(FCR, 0x41); /* from 4 bytes on */
	out(MCR, OUT2);
	out(IER, 0x03);
	CHECK(edge());
	type("ab");
	CHECK(!edge()); /* there is an interrupt already */
	CHECK_EQ(in(IIR), 0xcc);
	type("cde");
	CHECK_EQ(in(IIR), 0xc4);
	CHECK_EQ(in(LSR), 0x61);
	for (int c = 'a'; c <= 'e'; c++)
		CHECK_EQ(in(DATA), c);
	CHECK_EQ(in(LSR), 0x60);
	CHECK_EQ(in(IIR), 0xc2);
	CHECK_EQ(in(IIR), 0xc1);
	CHECK(!edge());
	type("f");
	CHECK(edge());
	out(FCR, 0x43); /* cleared */
	CHECK_EQ(in(LSR), 0x60);
	type("g");
	CHECK(edge());
	out(FCR, 0); /* as by turning the queues off */
	CHECK_EQ(in(LSR), 0x60);
}

TEST(more_is_typed_than_there_is_room_for)
{
	start();
	for (unsigned round = 0; round < 3; round++) {
		CHECK_EQ(pc_uart_room(&uart), PC_UART_INPUT);
		for (unsigned i = 0; i < PC_UART_INPUT; i++)
			pc_uart_type(&uart, (uint8_t)(i + round));
		CHECK_EQ(pc_uart_room(&uart), 0);
		for (unsigned i = 0; i < PC_UART_INPUT; i++)
			CHECK_EQ(in(DATA), (uint8_t)(i + round));
		CHECK_EQ(in(DATA), 0);
	}
	/* Counts wrap. */
	uart.read = uart.written = UINT32_MAX - 1;
	type("abcd");
	CHECK_EQ(pc_uart_room(&uart), PC_UART_INPUT - 4);
	for (int c = 'a'; c <= 'd'; c++)
		CHECK_EQ(in(DATA), c);
}

/* Whatever is written: a handler comes to an end, and nothing is told without a cause. */
TEST(random_accesses)
{
	srand(1);
	start();
	for (unsigned i = 0; i < 1000000; i++) {
		unsigned reg = (unsigned)rand() % PC_UART_REGISTERS, what = (unsigned)rand() % 3;

		if (what == 0)
			in(reg);
		else if (what == 1)
			pc_uart_write(&uart, reg, (uint8_t)rand());
		else
			type("text");
		CHECK(pc_uart_room(&uart) <= PC_UART_INPUT);
		CHECK(uart.written - uart.read <= PC_UART_INPUT);
		if (uart.line)
			CHECK((uart.modem_control & (OUT2 | LOOP)) == OUT2 && uart.interrupts);
	}
	out(LCR, 0);
	for (unsigned i = 0; !(in(IIR)&1); i++) {
		CHECK(i < PC_UART_INPUT + 4);
		in(LSR);
		in(DATA);
		in(MSR);
	}
	CHECK(!uart.line);
}
