/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtual functions of links: config space, MSI-X, registers. */
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "core/arch.h"
#include "core/ivshmem.h"
#include "core/link.h"

#include <cellhv/link.h>

struct cell root_cell;
static struct cell some_cell;

/* What the code under test did to others. */
static unsigned n_messages, n_rings, rung_id, rung_vector;
static uint64_t message_address;
static uint32_t message_data, state_set;

void arch_pause(void)
{
}

void arch_send_message(struct cpu *self, const struct pci_function *function, uint64_t address,
		       uint32_t data)
{
	(void)self;
	CHECK(function->cell == &some_cell || function->cell == &root_cell);
	n_messages++;
	message_address = address;
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

void link_set_state(struct cpu *self, struct ivshmem *peer, uint32_t state)
{
	(void)self;
	CHECK(peer->link->lock.taken);
	state_set = state;
}

static struct link link_1 = {.shared = {.name = "one",
					.phys = 0x40000000,
					.common_size = 0x10000,
					.protocol = 1,
					.max_peers = 2,
					.vectors = 1}};
static struct link link_1_states = {.shared = {.name = "states",
					       .phys = 0x60000000,
					       .common_size = 0x10000,
					       .protocol = 1,
					       .max_peers = 2,
					       .vectors = 1,
					       .class_protocol = 0x8123,
					       .variant = CELLHV_LINK_VARIANT_STATES}};
static struct link link_2 = {.shared = {.name = "two",
					.phys = 0x50000000,
					.common_size = 0x3000,
					.output_size = 0x2000,
					.protocol = 2,
					.max_peers = 3,
					.vectors = 4,
					.class_protocol = 0x8123}};

static struct ivshmem peer;

static struct pci_function *build(struct link *link, struct cell *cell)
{
	memset(&peer, 0, sizeof(peer));
	ivshmem_build(&peer, link, cell, 1, 0x70, 0x80000000ull);
	n_messages = n_rings = 0;
	return &peer.function;
}

static uint32_t get(unsigned offset, unsigned size)
{
	return pci_config_read(NULL, &peer.function, offset, size);
}

static void set(unsigned offset, unsigned size, uint32_t value)
{
	pci_config_write(NULL, &peer.function, offset, size, value);
}

static uint32_t expected_msix_bar(const struct link *link, const struct cell *cell)
{
	return link == &link_1_states && cell != &root_cell ? 0xffffffe0u : 0xfffff000u;
}

/* The bits that may change, from the specification: byte by byte. */
static uint8_t expected_writable(const struct link *link, const struct cell *cell, unsigned offset)
{
	static const uint8_t command[] = {0x06, 0x04};
	bool v1 = link->shared.protocol == 1;
	unsigned msix = (v1 ? CELLHV_IVSHMEM1_MSIX : CELLHV_IVSHMEM2_MSIX) + 3;
	uint32_t bar_0 = v1 && cell != &root_cell ? 0xffffff00u : 0xfffff000u;
	uint32_t msix_bar = expected_msix_bar(link, cell);

	if (offset / 2 == PCI_COMMAND / 2)
		return command[offset & 1];
	if (offset == PCI_CACHE_LINE || offset == PCI_INTERRUPT_LINE)
		return 0xff;
	if (offset == msix)
		return 0xc0;
	if (offset == CELLHV_IVSHMEM2_ONE_SHOT)
		return !v1;
	if (offset / 4 == PCI_BAR(0) / 4)
		return (uint8_t)(bar_0 >> 8 * (offset & 3));
	if (offset / 4 == PCI_BAR(v1 ? 4 : 1) / 4)
		return (uint8_t)(msix_bar >> 8 * (offset & 3));
	if (offset / 4 == PCI_BAR(1) / 4 || offset / 4 == PCI_BAR(5) / 4)
		return v1 ? 0xff : 0;
	return 0;
}

static uint32_t random_value(void)
{
	return (uint32_t)random() << 16 ^ (uint32_t)random();
}

/* One access against a model of single bytes; all of the space afterwards. */
static void check_access(uint8_t *model, const uint8_t *writable, unsigned offset, unsigned size,
			 uint32_t value)
{
	bool valid = (offset & 3) + size <= 4;

	set(offset, size, value);
	for (unsigned i = 0; i < size && valid && offset < PCI_CONFIG_SIZE; i++)
		model[offset + i] = (uint8_t)((model[offset + i] & ~writable[offset + i]) |
					      (value >> 8 * i & writable[offset + i]));
	CHECK(memcmp(peer.function.config, model, PCI_CONFIG_SIZE) == 0);

	if (!valid) {
		CHECK_EQ(get(offset, size), UINT32_MAX);
		return;
	}
	for (unsigned i = 0; i < size; i++)
		CHECK_EQ(get(offset, size) >> 8 * i & 0xff,
			 offset < PCI_CONFIG_SIZE ? model[offset + i] : 0);
}

static void check_space(struct link *link, struct cell *cell)
{
	uint8_t model[PCI_CONFIG_SIZE], writable[PCI_CONFIG_SIZE];
	struct pci_function *function = build(link, cell);

	memcpy(model, function->config, sizeof(model));
	for (unsigned i = 0; i < PCI_CONFIG_SIZE; i++)
		writable[i] = expected_writable(link, cell, i);
	for (unsigned offset = 0; offset < PCI_CONFIG_PAGE; offset++) {
		for (unsigned size = 1; size <= 4; size *= 2) {
			check_access(model, writable, offset, size, UINT32_MAX);
			check_access(model, writable, offset, size, 0);
			check_access(model, writable, offset, size, random_value());
		}
		CHECK_EQ(get(offset, 3), UINT32_MAX);
		CHECK_EQ(get(offset, 8), UINT32_MAX);
		set(offset, 8, 0);
		CHECK(memcmp(function->config, model, sizeof(model)) == 0);
	}
	CHECK_EQ(get(PCI_CONFIG_PAGE, 4), UINT32_MAX);
	ivshmem_reset(&peer);
	for (unsigned i = 0; i < PCI_CONFIG_SIZE; i++)
		CHECK_EQ(function->config[i] & writable[i], 0);
}

TEST(every_access_of_every_size)
{
	check_space(&link_1, &some_cell);
	check_space(&link_1, &root_cell);
	check_space(&link_1_states, &some_cell);
	check_space(&link_1_states, &root_cell);
	check_space(&link_2, &some_cell);
	check_space(&link_2, &root_cell);
}

TEST(version_1_as_the_tutorial_has_it)
{
	build(&link_1, &some_cell);
	CHECK_EQ(get(0x00, 4), 0x11101af4);
	CHECK_EQ(get(0x08, 4), 0x05000000);
	CHECK_EQ(get(0x2c, 4), 0x11101af4); /* subsystem */
	CHECK_EQ(get(0x06, 2), 0x10);
	CHECK_EQ(get(0x34, 1), 0x50);
	CHECK_EQ(get(0x40, 4), 0x80000000);
	CHECK_EQ(get(0x44, 4), 0);
	CHECK_EQ(get(0x48, 4), 0x10000);
	CHECK_EQ(get(0x4c, 4), 0);
	CHECK_EQ(get(0x50, 4), 0x00000011); /* one vector, the last capability */
	CHECK_EQ(get(0x54, 4), 4);	    /* table in BAR 4 */
	CHECK_EQ(get(0x58, 4), 0x14);	    /* pending bits at 10h */
}

TEST(version_1_with_states_to_the_byte)
{
	build(&link_1_states, &some_cell);
	CHECK_EQ(get(0x00, 4), 0x11101af4);
	CHECK_EQ(get(0x08, 4), 0xff812300);
	CHECK_EQ(get(0x34, 1), 0x50);
	CHECK_EQ(get(0x40, 4), 0x80000000);
	CHECK_EQ(get(0x48, 4), 0x10000);
	CHECK_EQ(get(0x50, 4), 0x00000011);
	CHECK_EQ(get(0x54, 4), 4);
	CHECK_EQ(get(0x58, 4), 0x14);
	set(PCI_BAR(0), 4, UINT32_MAX);
	CHECK_EQ(get(PCI_BAR(0), 4), 0xffffff04);
	set(PCI_BAR(4), 4, UINT32_MAX);
	CHECK_EQ(get(PCI_BAR(4), 4), 0xffffffe4); /* 20h bytes, 64 bit */
}

TEST(version_2_to_the_byte)
{
	build(&link_2, &some_cell);
	CHECK_EQ(get(0x00, 4), 0x4106110a);
	CHECK_EQ(get(0x2c, 4), 0x4106110a);
	CHECK_EQ(get(0x08, 4), 0xff812300);
	CHECK_EQ(get(0x34, 1), 0x40);
	CHECK_EQ(get(0x40, 4), 0x00206009);
	CHECK_EQ(get(0x44, 4), 0x1000);
	CHECK_EQ(get(0x48, 4), 0x3000);
	CHECK_EQ(get(0x50, 4), 0x2000);
	CHECK_EQ(get(0x58, 4), 0x80000000);
	CHECK_EQ(get(0x60, 4), 0x00030011);
	CHECK_EQ(get(0x64, 4), 1);
	CHECK_EQ(get(0x68, 4), 0x101);
}

TEST(bars_are_sized_and_moved)
{
	struct pci_function *list = build(&link_1, &some_cell);
	uint64_t offset;
	unsigned bar;

	set(PCI_BAR(0), 4, UINT32_MAX);
	CHECK_EQ(get(PCI_BAR(0), 4), 0xffffff04); /* 256 bytes, 64 bit */
	set(PCI_BAR(4), 4, UINT32_MAX);
	CHECK_EQ(get(PCI_BAR(4), 4), 0xfffff004);
	set(PCI_BAR(0), 4, 0xc0000100);
	set(PCI_BAR(1), 4, 1);
	set(PCI_BAR(4), 4, 0xc0001000);
	set(PCI_BAR(5), 4, 0);
	CHECK(!pci_find_bar(list, 0x1c0000100, &bar, &offset)); /* no memory decoding yet */

	set(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CHECK(pci_find_bar(list, 0x1c00001ff, &bar, &offset) == list);
	CHECK_EQ(bar, 0);
	CHECK_EQ(offset, 0xff);
	CHECK(!pci_find_bar(list, 0x1c0000200, &bar, &offset));
	CHECK(!pci_find_bar(list, 0x1c00000ff, &bar, &offset));
	CHECK(!pci_find_bar(list, 0xc0000100, &bar, &offset));
	CHECK(pci_find_bar(list, 0xc0001fff, &bar, &offset) == list);
	CHECK_EQ(bar, 4);
	CHECK_EQ(pci_bar_address(list, 0), 0x1c0000100);
	CHECK_EQ(pci_bar_address(list, 1), 0); /* the upper half of the one before */
	set(PCI_BAR(4), 4, 0);
	CHECK(!pci_find_bar(list, 0, &bar, &offset)); /* address 0 is none */
	set(PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	CHECK_EQ(pci_bar_address(list, 0), 0);
	CHECK(!pci_find_bar(list, 0x1c0000100, &bar, &offset));
}

TEST(functions_in_a_list)
{
	struct pci_function a = {.address = 8}, b = {.address = 16}, *list = NULL;

	pci_insert(&list, &a);
	pci_insert(&list, &b);
	CHECK(pci_find(list, 8) == &a);
	CHECK(pci_find(list, 16) == &b);
	CHECK(!pci_find(list, 24));
	pci_remove(&list, &a);
	CHECK(!pci_find(list, 8));
	pci_remove(&list, &a);
	pci_remove(&list, &b);
	CHECK(!list);
}

static bool write_bar(unsigned bar, uint32_t offset, unsigned size, uint64_t value)
{
	return peer.function.ops->write(NULL, &peer.function, bar, offset, size, value);
}

static bool read_bar(unsigned bar, uint32_t offset, unsigned size, uint64_t *value)
{
	return peer.function.ops->read(NULL, &peer.function, bar, offset, size, value);
}

static uint64_t bar_value(unsigned bar, uint32_t offset, unsigned size)
{
	uint64_t value = 12345;

	CHECK(read_bar(bar, offset, size, &value));
	return value;
}

/* Vector 1 of version 2 to vector 50 of APIC 3. */
static void set_up_msix(void)
{
	build(&link_2, &some_cell);
	set(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	write_bar(1, 0x10, 4, 0xfee03000);
	write_bar(1, 0x14, 4, 0);
	write_bar(1, 0x18, 4, 50);
	write_bar(1, 0x1c, 4, 0);
	set(0x62, 2, 0x8000);
	write_bar(0, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 4, 1);
}

TEST(msix_sends)
{
	set_up_msix();
	ivshmem_raise(NULL, &peer, 1);
	CHECK_EQ(n_messages, 1);
	CHECK_EQ(message_address, 0xfee03000);
	CHECK_EQ(message_data, 50);
	CHECK_EQ(bar_value(1, 0x100, 4), 0);
}

TEST(msix_waits_while_masked)
{
	set_up_msix();
	write_bar(1, 0x1c, 4, 1);
	ivshmem_raise(NULL, &peer, 1);
	ivshmem_raise(NULL, &peer, 1);
	CHECK_EQ(n_messages, 0);
	CHECK_EQ(bar_value(1, 0x100, 4), 2);
	write_bar(1, 0x100, 4, 0); /* pending bits are not the guest's */
	CHECK_EQ(bar_value(1, 0x100, 4), 2);
	write_bar(1, 0x1c, 4, 0);
	CHECK_EQ(n_messages, 1);
	CHECK_EQ(bar_value(1, 0x100, 8), 0);
}

TEST(msix_waits_for_function_and_bus_master)
{
	set_up_msix();
	set(0x62, 2, 0xc000);
	ivshmem_raise(NULL, &peer, 1);
	CHECK_EQ(n_messages, 0);
	set(0x62, 2, 0x8000);
	CHECK_EQ(n_messages, 1);

	set(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ivshmem_raise(NULL, &peer, 1);
	CHECK_EQ(n_messages, 1);
	set(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	CHECK_EQ(n_messages, 2);
}

TEST(msix_off_is_no_interrupt)
{
	set_up_msix();
	set(0x62, 2, 0);
	ivshmem_raise(NULL, &peer, 1);
	set(0x62, 2, 0x8000);
	CHECK_EQ(n_messages, 0);
	CHECK_EQ(bar_value(1, 0x100, 4), 0);
}

TEST(msix_accesses)
{
	set_up_msix();
	CHECK_EQ(bar_value(1, 0x1c, 4), 0);
	CHECK_EQ(bar_value(1, 0x0c, 4), 1); /* masked from the start */
	CHECK_EQ(bar_value(1, 0x10, 8), 0xfee03000);
	write_bar(1, 0x20, 8, 0x1234567fee05003);
	CHECK_EQ(bar_value(1, 0x20, 8), 0x1234567fee05000);
	write_bar(1, 0x22, 2, 0xffff);
	write_bar(1, 0x21, 4, 0);
	write_bar(1, 0x24, 8, UINT64_MAX);
	CHECK_EQ(bar_value(1, 0x20, 8), 0x1234567fee05000);
	CHECK_EQ(bar_value(1, 0x20, 2), 0);
	for (uint32_t offset = 4 * 16; offset < 0x1000; offset += 4) {
		write_bar(1, offset, 4, UINT32_MAX);
		CHECK_EQ(bar_value(1, offset, 4), 0);
	}
}

/* As it was built, whatever the guest has left. */
TEST(reset_leaves_nothing_of_the_guest)
{
	struct ivshmem built;

	build(&link_2, &some_cell);
	built = peer;
	set_up_msix();
	set(CELLHV_IVSHMEM2_ONE_SHOT, 1, 1);
	set(PCI_BAR(0), 4, 0xc0000000);
	for (uint32_t offset = 0; offset < 4 * 16; offset += 4)
		write_bar(1, offset, 4, UINT32_MAX);
	ivshmem_raise(NULL, &peer, 2); /* masked, so it waits */
	CHECK_EQ(bar_value(1, 0x100, 4), 4);
	peer.interrupt_control = 1;
	peer.state = 77;

	ivshmem_reset(&peer);
	CHECK(memcmp(peer.function.config, built.function.config, PCI_CONFIG_SIZE) == 0);
	CHECK(memcmp(peer.msix.table, built.msix.table, sizeof(built.msix.table)) == 0);
	CHECK_EQ(bar_value(1, 0x100, 4), 0);
	CHECK_EQ(bar_value(0, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 4), 0);
	CHECK_EQ(bar_value(0, CELLHV_IVSHMEM2_STATE, 4), 0);
	for (uint32_t vector = 0; vector < 4; vector++) {
		CHECK_EQ(bar_value(1, 16 * vector, 8), 0);
		CHECK_EQ(bar_value(1, 16 * vector + 8, 8), 1ull << 32); /* masked */
	}
	CHECK_EQ(get(0x62, 2), 3);
}

TEST(interrupt_control_and_one_shot)
{
	set_up_msix();
	write_bar(0, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 4, 0xfffffffe);
	ivshmem_raise(NULL, &peer, 1);
	CHECK_EQ(n_messages, 0);
	write_bar(0, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 4, 3);
	CHECK_EQ(bar_value(0, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 4), 1);

	set(CELLHV_IVSHMEM2_ONE_SHOT, 1, 0xff);
	ivshmem_raise(NULL, &peer, 1);
	ivshmem_raise(NULL, &peer, 1);
	CHECK_EQ(n_messages, 1);
	CHECK_EQ(bar_value(0, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 4), 0);
	write_bar(0, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 4, 1);
	ivshmem_raise(NULL, &peer, 1);
	CHECK_EQ(n_messages, 2);
}

TEST(registers_of_version_2)
{
	build(&link_2, &some_cell);
	CHECK_EQ(bar_value(0, CELLHV_IVSHMEM2_ID, 4), 1);
	CHECK_EQ(bar_value(0, CELLHV_IVSHMEM2_MAX_PEERS, 4), 3);
	write_bar(0, CELLHV_IVSHMEM2_DOORBELL, 4, 0x00020003);
	CHECK_EQ(rung_id, 2);
	CHECK_EQ(rung_vector, 3);
	write_bar(0, CELLHV_IVSHMEM2_STATE, 4, 0xdeadbeef);
	CHECK_EQ(state_set, 0xdeadbeef);

	/* Of a size or at a place that no register has. */
	n_rings = 0;
	for (uint32_t offset = 0; offset < CELLHV_IVSHMEM2_REGISTERS; offset++) {
		for (unsigned size = 1; size <= 8; size *= 2) {
			if (size == 4 && !(offset & 3) && offset <= CELLHV_IVSHMEM2_STATE)
				continue;
			write_bar(0, offset, size, UINT64_MAX);
			CHECK_EQ(bar_value(0, offset, size), 0);
		}
	}
	CHECK_EQ(n_rings, 0);
	CHECK_EQ(state_set, 0xdeadbeef);
}

TEST(registers_of_version_1_fault)
{
	uint64_t value = 0;

	build(&link_1, &some_cell);
	for (uint32_t offset = 0; offset < CELLHV_IVSHMEM1_REGISTERS; offset++) {
		for (unsigned size = 1; size <= 8; size *= 2) {
			bool word = size == 4;

			CHECK_EQ(read_bar(0, offset, size, &value),
				 word && offset == CELLHV_IVSHMEM1_POSITION);
			CHECK_EQ(write_bar(0, offset, size, 1),
				 word && offset == CELLHV_IVSHMEM1_DOORBELL);
		}
	}
	CHECK_EQ(value, 1);
	CHECK_EQ(n_rings, 1);
	CHECK_EQ(rung_id, 0);
	CHECK(!peer.link->lock.taken);
}
