/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The registers of version 1 with states. */
#include <stdint.h>

#include "check.h"
#include "core/arch.h"
#include "core/ivshmem.h"
#include "core/link.h"

#include <cellhv/link.h>

struct cell root_cell;
static struct cell some_cell;

static unsigned n_messages, n_rings, rung_id, rung_vector;
static uint32_t message_data;

void arch_pause(void)
{
}

void arch_send_message(struct cpu *self, const struct pci_function *function, uint64_t address,
		       uint32_t data)
{
	(void)self, (void)address;
	CHECK(function->cell == &some_cell);
	n_messages++;
	message_data = data;
}

void link_ring(struct cpu *self, struct ivshmem *from, unsigned id, unsigned vector)
{
	(void)self;
	CHECK(from->link->lock.taken);
	n_rings++;
	rung_id = id;
	rung_vector = vector;
}

/* Of version 2 alone. */
void link_set_state(struct cpu *self, struct ivshmem *from, uint32_t state)
{
	(void)self, (void)from, (void)state;
	CHECK(false);
}

static struct link with_states = {.shared = {.name = "states",
					     .phys = 0x60000000,
					     .common_size = 0x10000,
					     .protocol = 1,
					     .max_peers = 2,
					     .vectors = 1,
					     .variant = CELLHV_LINK_VARIANT_STATES}};
static struct ivshmem peer;

static void begin(void)
{
	memset(&peer, 0, sizeof(peer));
	ivshmem_build(&peer, &with_states, &some_cell, 1, 0x70, 0x80000000ull);
	with_states.peers[0] = NULL;
	n_messages = n_rings = 0;
}

static void set(unsigned offset, unsigned size, uint32_t value)
{
	pci_config_write(NULL, &peer.function, offset, size, value);
}

static bool write_bar(unsigned bar, uint32_t offset, unsigned size, uint64_t value)
{
	return peer.function.ops->write(NULL, &peer.function, bar, offset, size, value);
}

static uint64_t bar_value(unsigned bar, uint32_t offset, unsigned size)
{
	uint64_t value = 12345;

	CHECK(peer.function.ops->read(NULL, &peer.function, bar, offset, size, &value));
	return value;
}

/* The other end: peer 0. */
static struct ivshmem other;

static void expect_word(uint32_t offset, uint32_t expected)
{
	for (unsigned size = 1; size <= 8; size *= 2)
		CHECK_EQ(bar_value(0, offset, size), size == 4 ? expected : 0);
}

TEST(every_register)
{
	begin();
	write_bar(0, CELLHV_IVSHMEM1_INTX_CONTROL, 4, 0xffffffff);
	write_bar(0, CELLHV_IVSHMEM1_LOCAL_STATE, 4, 0xdeadbeef);
	CHECK_EQ(n_rings, 1);
	write_bar(0, CELLHV_IVSHMEM1_LOCAL_STATE, 4, 0xdeadbeef);
	CHECK_EQ(n_rings, 2); /* any write rings */
	CHECK_EQ(rung_id, 0);
	CHECK_EQ(rung_vector, 0);
	write_bar(0, CELLHV_IVSHMEM1_DOORBELL, 4, 0xffff0001);
	CHECK_EQ(n_rings, 3);

	expect_word(0x00, 1);
	expect_word(0x08, 1);
	expect_word(0x10, 0xdeadbeef);
	for (uint32_t offset = 0; offset < CELLHV_IVSHMEM1_REGISTERS; offset++)
		if (offset != 0x00 && offset != 0x08 && offset != 0x10)
			expect_word(offset, 0);
	ivshmem_reset(&peer);
	expect_word(0x00, 0);
	expect_word(0x10, 0);
	CHECK(!peer.link->lock.taken);
}

TEST(other_writes_are_dropped)
{
	begin();
	for (uint32_t offset = 0; offset < CELLHV_IVSHMEM1_REGISTERS; offset++)
		for (unsigned size = 1; size <= 8; size *= 2)
			if (size != 4 || (offset != 0x00 && offset != 0x0c && offset != 0x10))
				CHECK(write_bar(0, offset, size, UINT64_MAX));
	CHECK_EQ(n_rings, 0);
	for (uint32_t offset = 0; offset < CELLHV_IVSHMEM1_REGISTERS; offset++)
		expect_word(offset, offset == 0x08);
}

TEST(the_other_is_seen)
{
	begin();
	other = (struct ivshmem){.link = &with_states, .state = 5};
	with_states.peers[0] = NULL;
	expect_word(CELLHV_IVSHMEM1_REMOTE_STATE, 0);
	with_states.peers[0] = &other;
	expect_word(CELLHV_IVSHMEM1_REMOTE_STATE, 0);
	other.active = true;
	expect_word(CELLHV_IVSHMEM1_REMOTE_STATE, 5);
	write_bar(0, CELLHV_IVSHMEM1_REMOTE_STATE, 4, 6);
	CHECK_EQ(other.state, 5);
	CHECK_EQ(n_rings, 0);
	with_states.peers[0] = NULL;
}

/* INTX control is of INTX: a message goes out whatever it says. */
TEST(interrupts)
{
	begin();
	set(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	write_bar(4, 0x00, 4, 0xfee03000);
	write_bar(4, 0x08, 4, 50);
	write_bar(4, 0x0c, 4, 0);
	set(0x52, 2, 0x8000);
	ivshmem_raise(NULL, &peer, 0);
	CHECK_EQ(n_messages, 1);
	CHECK_EQ(message_data, 50);
}
