/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links: who rings whom, and what becomes of states. Everything around them is made up. */
#include <stdint.h>

#include "check.h"
#include "core/arch.h"
#include "core/link.h"
#include "core/window.h"

#include <cellhv/link.h>

struct cell root_cell;

static uint32_t table[1024]; /* the state table, which is at TABLE_PHYS */
#define TABLE_PHYS 0x50000000ull
static unsigned n_messages;
static uint32_t message_data;

void window_copy_to(struct cpu *cpu, uint64_t phys, const void *source, size_t size)
{
	(void)cpu;
	CHECK(phys >= TABLE_PHYS && phys + size <= TABLE_PHYS + sizeof(table));
	memcpy((char *)table + (phys - TABLE_PHYS), source, size);
}

void arch_pause(void)
{
}

void arch_send_message(struct cpu *self, const struct pci_function *function, uint64_t address,
		       uint32_t data)
{
	(void)self, (void)function, (void)address;
	n_messages++;
	message_data = data;
}

static struct link link;
static struct cell cell[3];
static struct ivshmem peer[3];

static void write_register(unsigned id, uint32_t offset, uint32_t value)
{
	CHECK(peer[id].function.ops->write(NULL, &peer[id].function, 0, offset, 4, value));
}

static uint64_t read_register(unsigned id, uint32_t offset)
{
	uint64_t value;

	CHECK(peer[id].function.ops->read(NULL, &peer[id].function, 0, offset, 4, &value));
	return value;
}

/* Each peer runs, and its vector 0 is a message whose data is its id. */
static void start(unsigned id)
{
	struct pci_function *function = &peer[id].function;
	bool v1 = link.shared.protocol == 1;
	unsigned bar = v1 ? 4 : 1;

	peer[id].active = true;
	pci_config_write(NULL, function, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	function->ops->write(NULL, function, bar, 8, 4, id);
	function->ops->write(NULL, function, bar, 12, 4, 0);
	pci_config_write(NULL, function, v1 ? 0x52 : 0x62, 2, 0x8000);
	if (!v1)
		write_register(id, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 1);
}

static void make(struct cellhv_link_shared shared)
{
	memset(peer, 0, sizeof(peer));
	memset(table, 0, sizeof(table));
	link = (struct link){.shared = shared, .cells = shared.max_peers};
	link.shared.phys = TABLE_PHYS;
	for (uint16_t id = 0; id < shared.max_peers; id++) {
		ivshmem_build(&peer[id], &link, &cell[id], id, 0x70, 0x80000000);
		link.peers[id] = &peer[id];
		start(id);
	}
	n_messages = 0;
}

/* That many messages since the last look. */
static void expect_rings(unsigned count)
{
	CHECK_EQ(n_messages, count);
	CHECK(!link.lock.taken);
	n_messages = 0;
}

static void stop(unsigned id)
{
	lock_acquire(&link.lock);
	link_set_state(NULL, &peer[id], 0);
	peer[id].active = false;
	lock_release(&link.lock);
}

static const struct cellhv_link_shared version_2 = {
	.common_size = 4096, .protocol = 2, .max_peers = 3, .vectors = 2};
static const struct cellhv_link_shared version_1 = {
	.common_size = 4096, .protocol = 1, .max_peers = 2, .vectors = 1};
static const struct cellhv_link_shared version_1_states = {.common_size = 4096,
							   .protocol = 1,
							   .max_peers = 2,
							   .vectors = 1,
							   .variant = CELLHV_LINK_VARIANT_STATES};

TEST(version_2_rings_where_a_state_changes)
{
	make(version_2);
	write_register(1, CELLHV_IVSHMEM2_STATE, 7);
	expect_rings(2);
	CHECK_EQ(table[1], 7);
	CHECK_EQ(read_register(1, CELLHV_IVSHMEM2_STATE), 7);
	write_register(1, CELLHV_IVSHMEM2_STATE, 7);
	expect_rings(0);
	write_register(1, CELLHV_IVSHMEM2_STATE, 8);
	expect_rings(2);
	CHECK_EQ(table[1], 8);
	CHECK_EQ(table[0] | table[2], 0);
}

TEST(version_2_peer_that_goes)
{
	make(version_2);
	stop(2);
	expect_rings(0); /* its state was 0 already */
	write_register(1, CELLHV_IVSHMEM2_STATE, 7);
	expect_rings(1);
	CHECK_EQ(message_data, 0);
	stop(1);
	expect_rings(1);
	CHECK_EQ(table[1], 0);
	write_register(1, CELLHV_IVSHMEM2_STATE, 9);
	expect_rings(0);
	CHECK_EQ(table[1], 0);
}

TEST(version_1_has_no_states)
{
	make(version_1);
	stop(1);
	expect_rings(0);
	write_register(0, CELLHV_IVSHMEM1_DOORBELL, 1);
	expect_rings(0);
	peer[1].active = true;
	write_register(0, CELLHV_IVSHMEM1_DOORBELL, 1);
	expect_rings(1);
	CHECK_EQ(message_data, 1);
	CHECK_EQ(table[0] | table[1], 0);
}

TEST(version_1_with_states)
{
	make(version_1_states);
	write_register(1, CELLHV_IVSHMEM1_LOCAL_STATE, 3);
	expect_rings(1);
	CHECK_EQ(message_data, 0);
	CHECK_EQ(read_register(0, CELLHV_IVSHMEM1_REMOTE_STATE), 3);
	write_register(1, CELLHV_IVSHMEM1_LOCAL_STATE, 3);
	expect_rings(1);
	stop(1);
	expect_rings(1);
	CHECK_EQ(read_register(0, CELLHV_IVSHMEM1_REMOTE_STATE), 0);
	CHECK_EQ(table[0] | table[1], 0); /* there is none: that is the peers' memory */
}
