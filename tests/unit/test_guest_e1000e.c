/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The driver of ping-demo at an adapter that does what none does; its registers are an array here.
 */
#define MMIO_H
#include <stdint.h>

static uint32_t mmio_read32(uintptr_t address);
static void mmio_write32(uintptr_t address, uint32_t value);

#include "check.h"
#include "e1000e.c" /* NOLINT(bugprone-suspicious-include) */

#define BASE 0x100000000
#define VECTOR 49

static uint32_t registers[REGISTERS_SIZE / 4];
static bool is_absent, is_stuck, is_endless, has_msix, has_msi;
static uint64_t bar_size;
static unsigned int frames_sent;
static struct e1000e nic;

static uint32_t mmio_read32(uintptr_t address)
{
	CHECK(address >= BASE && address - BASE < REGISTERS_SIZE);
	return registers[(address - BASE) / 4];
}

static void mmio_write32(uintptr_t address, uint32_t value)
{
	unsigned int offset = (unsigned int)(address - BASE);

	CHECK(address >= BASE && offset < REGISTERS_SIZE);
	if (offset == CTRL && !is_stuck)
		value &= ~CTRL_RESET;
	if (offset == RING_RECEIVE + RING_TAIL && is_endless)
		receive_ring[value].status = STATUS_DONE;
	frames_sent += offset == RING_SEND + RING_TAIL && value;
	registers[offset / 4] = value;
}

int pci_find(uint16_t vendor, uint16_t device, unsigned int first)
{
	CHECK(vendor == 0x8086 && device == 0x10d3 && !first);
	return is_absent ? -1 : 0x10;
}

uintptr_t pci_map(uint16_t function, unsigned int bar, uint64_t *ret_size)
{
	CHECK(function == 0x10 && bar == 0);
	*ret_size = bar_size;
	return BASE;
}

void pci_enable(uint16_t function)
{
	CHECK_EQ(function, 0x10);
}

void pci_disable(uint16_t function)
{
	CHECK_EQ(function, 0x10);
}

bool pci_msi_set(uint16_t function, unsigned int vector)
{
	CHECK(function == 0x10 && vector == VECTOR);
	return has_msi;
}

bool pci_msix_set(uint16_t function, unsigned int entry, unsigned int vector)
{
	CHECK(function == 0x10 && entry == 0 && vector == VECTOR);
	return has_msix;
}

void delay_us(uint32_t us)
{
	(void)us;
}

static void start_over(void)
{
	memset(registers, 0, sizeof(registers));
	is_absent = is_stuck = is_endless = false;
	has_msix = has_msi = true;
	bar_size = REGISTERS_SIZE;
	frames_sent = 0;
	registers[EECD / 4] = EECD_READ;
	registers[ADDRESS_LOW / 4] = 0x12005452;
	registers[ADDRESS_HIGH / 4] = ADDRESS_VALID | 0x5634;
}

static void open_it(void)
{
	start_over();
	CHECK(!e1000e_open(&nic, VECTOR, false));
}

/* As the adapter writes it. */
static void receive(unsigned int index, uint16_t size, uint8_t status, uint8_t errors)
{
	memset(receive_buffers[index], 'a' + (int)index, BUFFER_SIZE);
	receive_ring[index].size = size;
	receive_ring[index].errors = errors;
	receive_ring[index].status = status;
}

TEST(adapters_that_cannot_be_used)
{
	open_it();
	CHECK(!memcmp(nic.address, "\x52\x54\x00\x12\x34\x56", 6));
	CHECK(nic.is_msix);
	start_over();
	CHECK(!e1000e_open(&nic, VECTOR, true) && !nic.is_msix);
	start_over();
	has_msix = false;
	CHECK(!e1000e_open(&nic, VECTOR, false) && !nic.is_msix);
	has_msi = false;
	CHECK_STR(e1000e_open(&nic, VECTOR, false), "the adapter has neither MSI-X nor MSI");
	start_over();
	is_absent = true;
	CHECK_STR(e1000e_open(&nic, VECTOR, false), "the cell has no adapter 8086:10d3");
	start_over();
	bar_size = REGISTERS_SIZE / 2;
	CHECK(e1000e_open(&nic, VECTOR, false));
	start_over();
	is_stuck = true;
	CHECK_STR(e1000e_open(&nic, VECTOR, false),
		  "the adapter does not come back from its reset");
	start_over();
	registers[ADDRESS_LOW / 4] |= 1;
	CHECK_STR(e1000e_open(&nic, VECTOR, false), "the adapter has no address of its own");
	start_over();
	registers[ADDRESS_HIGH / 4] &= ~ADDRESS_VALID;
	CHECK(e1000e_open(&nic, VECTOR, false));
	start_over();
	registers[ADDRESS_LOW / 4] = 0;
	registers[ADDRESS_HIGH / 4] = ADDRESS_VALID;
	CHECK(e1000e_open(&nic, VECTOR, false));
}

TEST(a_frame_in_each_descriptor)
{
	uint8_t frame[ETHERNET_FRAME_MAX];

	open_it();
	for (unsigned int i = 0; i < 3 * DESCRIPTORS; i++) {
		unsigned int at = i % DESCRIPTORS;

		CHECK_EQ(e1000e_receive(&nic, frame), 0);
		receive(at, (uint16_t)(60 + i), STATUS_DONE | STATUS_WHOLE, 0);
		CHECK_EQ(e1000e_receive(&nic, frame), 60 + i);
		CHECK_EQ(frame[59 + i], 'a' + at);
		CHECK_EQ(receive_ring[at].status, 0);
		CHECK_EQ(registers[(RING_RECEIVE + RING_TAIL) / 4], at);
	}
	CHECK_EQ(nic.refused, 0);
}

/* Sizes beyond a buffer, parts of frames, errors; and where the next one is, the device does not
 * say. */
TEST(descriptors_out_of_range)
{
	static const struct {
		uint16_t size;
		uint8_t status, errors;
	} wrong[] = {
		{0, STATUS_DONE | STATUS_WHOLE, 0},
		{ETHERNET_FRAME_MAX + 1, STATUS_DONE | STATUS_WHOLE, 0},
		{BUFFER_SIZE, STATUS_DONE | STATUS_WHOLE, 0},
		{UINT16_MAX, STATUS_DONE | STATUS_WHOLE, 0},
		{100, STATUS_DONE, 0},
		{100, STATUS_DONE | STATUS_WHOLE, 0x80},
	};
	const unsigned int count = sizeof(wrong) / sizeof(wrong[0]);
	uint8_t frame[ETHERNET_FRAME_MAX];

	open_it();
	for (unsigned int i = 0; i < count; i++) {
		receive(i, wrong[i].size, wrong[i].status, wrong[i].errors);
		receive_ring[i].address = 0x1000;
	}
	receive(count, ETHERNET_FRAME_MAX, STATUS_DONE | STATUS_WHOLE, 0);
	CHECK_EQ(e1000e_receive(&nic, frame), ETHERNET_FRAME_MAX);
	CHECK_EQ(frame[0], 'a' + count);
	CHECK_EQ(nic.refused, count);
	for (unsigned int i = 0; i < count; i++)
		CHECK_EQ(receive_ring[i].address, (uintptr_t)receive_buffers[i]);
}

/* Whatever is given back is nonsense again. */
TEST(nonsense_without_an_end_ends)
{
	uint8_t frame[ETHERNET_FRAME_MAX];

	open_it();
	is_endless = true;
	for (unsigned int i = 0; i < DESCRIPTORS; i++)
		receive(i, 0, STATUS_DONE, 0);
	CHECK_EQ(e1000e_receive(&nic, frame), 0);
	CHECK_EQ(nic.refused, DESCRIPTORS);
}

TEST(an_adapter_that_sends_nothing)
{
	uint8_t frame[ETHERNET_FRAME_MAX] = "frame";

	open_it();
	CHECK(!e1000e_send(&nic, frame, ETHERNET_FRAME_MAX + 1));
	for (unsigned int i = 0; i < DESCRIPTORS - 1; i++)
		CHECK(e1000e_send(&nic, frame, ETHERNET_FRAME_MIN + i));
	CHECK(!e1000e_send(&nic, frame, ETHERNET_FRAME_MIN));
	CHECK_EQ(frames_sent, DESCRIPTORS - 1);
	CHECK_EQ(send_ring[5].size, ETHERNET_FRAME_MIN + 5);
	CHECK_EQ(send_ring[5].address, (uintptr_t)send_buffers[5]);
	CHECK(!memcmp(send_buffers[5], frame, ETHERNET_FRAME_MIN + 5));

	send_ring[0].status = STATUS_DONE;
	CHECK(e1000e_send(&nic, frame, ETHERNET_FRAME_MAX));
	CHECK(!e1000e_send(&nic, frame, ETHERNET_FRAME_MAX));
}

TEST(its_interrupt)
{
	open_it();
	registers[INTERRUPT_CAUSES / 4] = 0x80100002;
	registers[INTERRUPT_SET / 4] = 0;
	e1000e_interrupt(&nic);
	CHECK_EQ(nic.interrupts, 1);
	CHECK_EQ(registers[INTERRUPT_CAUSES / 4], 0x80100002); /* written back: ones clear */
	CHECK_EQ(registers[INTERRUPT_SET / 4], CAUSES_MSIX);
	e1000e_close(&nic);
	CHECK_EQ(registers[RING_RECEIVE / 4], (uint32_t)(uintptr_t)receive_ring);
	CHECK(registers[CTRL / 4] & CTRL_MASTER_DISABLE);
}
