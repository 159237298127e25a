/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the root may have done to other functions, and may do while a cell has some. */
#include "core_function.h"

#include "core/errno.h"
#include "core/memory.h"

static void overlapped(uint16_t address)
{
	refused(&with_nvme, -EBUSY, CELLHV_CHECK_FUNCTION_OVERLAPPED, address);
	CHECK(!functions_taken && !fake_filtered);
}

/* Where the root has put something over it before, and it decodes. */
TEST(refused_where_the_root_is_already)
{
	const uint32_t edu = FAKE_REGISTERS + 0x180000;

	boot();
	fake_set(FAKE_SIBLING, PCI_BAR(0), 4, edu + 0x3000);
	overlapped(FAKE_SIBLING);
	fake_set(FAKE_SIBLING, PCI_COMMAND, 2, 0x101);
	end(make(&with_nvme));
	fake_set(FAKE_SIBLING, PCI_COMMAND, 2, 0x103);
	fake_set(FAKE_SIBLING, PCI_BAR(0), 4, FAKE_REGISTERS + 0x100000); /* a MiB of it */
	memset(fake_function(FAKE_SIBLING)->writable + PCI_BAR(0), 0, 2);
	fake_function(FAKE_SIBLING)->writable[PCI_BAR(0) + 2] = 0xf0;
	overlapped(FAKE_SIBLING);
	CHECK_EQ(fake_get(FAKE_SIBLING, PCI_COMMAND, 2), 0x103);
	fake_set(FAKE_SIBLING, PCI_BAR(0), 4, FAKE_REGISTERS + 0xc0000);
	fake_set(FAKE_SIBLING, PCI_ROM, 4, edu | 1);
	overlapped(FAKE_SIBLING);
	fake_set(FAKE_SIBLING, PCI_ROM, 4, edu);
	fake_set(FAKE_SIBLING, PCI_ROM, 4, 0);
	fake_set(FAKE_BRIDGE, 0x20, 4, 0x40304020);
	overlapped(FAKE_BRIDGE);
	fake_set(FAKE_BRIDGE, 0x20, 4, 0x40204020);
	end(make(&with_nvme));
}

static uint32_t after_root_write(uint16_t address, unsigned offset, unsigned size, uint32_t value)
{
	fake_root_write(address, offset, size, value);
	return fake_get(address, offset, size);
}

#define STAYS(address, offset, size, value)                                    \
	do {                                                                   \
		uint32_t was = fake_get(address, offset, size);                \
		CHECK_EQ(after_root_write(address, offset, size, value), was); \
	} while (0)
#define CHANGES(address, offset, size, value) \
	CHECK_EQ(after_root_write(address, offset, size, value), value)

TEST(root_does_not_reach_it)
{
	uint32_t id;

	boot();
	id = run(&with_nic);
	STAYS(FAKE_NIC, PCI_COMMAND, 2, 0);
	STAYS(FAKE_NIC, PCI_BAR(0), 4, 0);
	CHECK(!memory_root_reaches(FAKE_MMCONFIG + FAKE_NIC * 4096));
	CHECK(memory_root_reaches(FAKE_MMCONFIG + FAKE_EDU * 4096));
	end(id);
	CHANGES(FAKE_NIC, PCI_COMMAND, 2, 0);
}

TEST(bridges_above_stay)
{
	uint32_t id;

	boot();
	fake_root_write(FAKE_BRIDGE, PCI_COMMAND, 2, 0x107);
	id = run(&with_nic);
	STAYS(FAKE_BRIDGE, PCI_COMMAND, 2, 0x100);
	STAYS(FAKE_BRIDGE, PCI_COMMAND, 1, 0);
	CHANGES(FAKE_BRIDGE, PCI_COMMAND, 2, 0x507);
	STAYS(FAKE_BRIDGE, 0x18, 4, 0x00020200);
	STAYS(FAKE_BRIDGE, 0x19, 1, 0);
	for (unsigned offset = 0x1c; offset < 0x34; offset += 4)
		if (offset != 0x1c)
			STAYS(FAKE_BRIDGE, offset, 4, 0x5a5a5a5a);
	STAYS(FAKE_BRIDGE, 0x21, 1, 0x77);
	CHECK_EQ(after_root_write(FAKE_BRIDGE, 0x3e, 2, 0x0043), 0x0003);
	CHECK_EQ(after_root_write(FAKE_BRIDGE, 0x3c, 4, 0x00410000), 0x00010000);
	STAYS(FAKE_BRIDGE, 0x84, 2, 3);
	CHECK_EQ(after_root_write(FAKE_BRIDGE, 0x50, 2, 0x0031), 0x0021);
	CHECK_EQ(after_root_write(FAKE_BRIDGE, 0x58, 2, 0x0501), 0x0101);
	STAYS(FAKE_BRIDGE, 0x106, 2, 0x1f);
	end(id);
	CHANGES(FAKE_BRIDGE, PCI_COMMAND, 2, 0x100);
	CHANGES(FAKE_BRIDGE, 0x3e, 2, 0x0043);
}

TEST(nothing_is_put_over_it)
{
	const uint32_t edu = FAKE_REGISTERS + 0x180000;
	uint32_t id;

	boot();
	id = run(&with_nvme);
	CHANGES(FAKE_SIBLING, PCI_BAR(0), 4, FAKE_REGISTERS + 0xd0000);
	STAYS(FAKE_SIBLING, PCI_BAR(0), 4, edu);
	STAYS(FAKE_SIBLING, PCI_BAR(0), 4, edu + 0x7f000);
	CHANGES(FAKE_SIBLING, PCI_BAR(0), 4, edu + 0x80000);
	CHANGES(FAKE_SIBLING, PCI_BAR(0), 4, edu - 0x1000);
	STAYS(FAKE_SIBLING, PCI_BAR(0) + 2, 2, edu >> 16);
	CHECK_EQ(after_root_write(FAKE_SIBLING, PCI_ROM, 4, edu | 1), 0);
	CHANGES(FAKE_SIBLING, PCI_ROM, 4, edu);
	STAYS(FAKE_SIBLING, PCI_ROM, 1, 1);
	CHANGES(FAKE_SIBLING, PCI_ROM, 4, (edu + 0x80000) | 1);
	/* Its bridge is beside it, too. */
	STAYS(FAKE_BRIDGE, 0x20, 4, 0x40304020);
	CHANGES(FAKE_BRIDGE, 0x20, 4, 0x40504040);
	CHANGES(FAKE_NIC, PCI_BAR(2), 4, 0xd001);
	end(id);

	fake_set(FAKE_BRIDGE, 0x20, 4, 0x40204020);
	fake_set(FAKE_NIC, PCI_BAR(2), 4, 0xc001);
	id = run(&with_nic);
	fake_set(FAKE_SIBLING, PCI_BAR(1), 4, 1);
	for (unsigned i = 0; i < 4; i++)
		fake_function(FAKE_SIBLING)->writable[PCI_BAR(1) + i] = i ? 0xff : 0xe0;
	STAYS(FAKE_SIBLING, PCI_BAR(1), 4, 0xc001);
	CHANGES(FAKE_SIBLING, PCI_BAR(1), 4, 0xc021);

	/* Nor does another bridge pass on what is for its bus. */
	fake_set(FAKE_SIBLING, PCI_HEADER_TYPE, 1, 1);
	memset(fake_function(FAKE_SIBLING)->writable + 0x18, 0xff, 4);
	fake_set(FAKE_SIBLING, 0x18, 4, 0x00030200);
	CHANGES(FAKE_SIBLING, 0x18, 4, 0x00040300);
	STAYS(FAKE_SIBLING, 0x18, 4, 0x00010100);
	STAYS(FAKE_SIBLING, 0x19, 1, 1);
	end(id);
	CHANGES(FAKE_SIBLING, 0x18, 4, 0x00010100);
}

/* Linux finds sizes by all ones: also where that is over a cell's, and where it decodes. */
TEST(sizing_goes_on)
{
	const uint32_t top = 0xffff0000;
	struct fake_function *edu;
	uint32_t id;

	boot();
	edu = fake_function(FAKE_EDU);
	memset(edu->writable + PCI_BAR(0), 0, 4);
	memset(edu->writable + PCI_BAR(0) + 2, 0xff, 2);
	edu->bars[0] = (struct cellhv_bar){top, 0x10000};
	fake_set(FAKE_EDU, PCI_BAR(0), 4, top);
	id = run(&with_nvme);
	CHANGES(FAKE_SIBLING, PCI_COMMAND, 2, 0x101);
	CHECK_EQ(after_root_write(FAKE_SIBLING, PCI_BAR(0), 4, UINT32_MAX), 0xfffff000);
	STAYS(FAKE_SIBLING, PCI_COMMAND, 2, 0x103);
	CHECK_EQ(after_root_write(FAKE_SIBLING, PCI_COMMAND, 2, 0x503), 0x501);
	CHANGES(FAKE_SIBLING, PCI_BAR(0), 4, FAKE_REGISTERS + 0xc0000);
	CHANGES(FAKE_SIBLING, PCI_COMMAND, 2, 0x103);

	/* One that decodes meanwhile does not until it is elsewhere again. */
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(after_root_write(FAKE_SIBLING, PCI_BAR(0), 4, UINT32_MAX), 0xfffff000);
		CHECK_EQ(fake_get(FAKE_SIBLING, PCI_COMMAND, 2), 0x100);
		CHANGES(FAKE_SIBLING, PCI_BAR(0), 4, FAKE_REGISTERS + 0xc0000);
		CHECK_EQ(fake_get(FAKE_SIBLING, PCI_COMMAND, 2), 0x103);
	}
	CHECK_EQ(after_root_write(FAKE_SIBLING, PCI_BAR(0), 4, UINT32_MAX), 0xfffff000);
	STAYS(FAKE_SIBLING, PCI_COMMAND, 2, 0x102);
	CHANGES(FAKE_SIBLING, PCI_BAR(0), 4, FAKE_REGISTERS + 0xc0000);
	CHECK_EQ(fake_get(FAKE_SIBLING, PCI_COMMAND, 2), 0x100);
	CHANGES(FAKE_SIBLING, PCI_COMMAND, 2, 0x103);
	CHECK_EQ(after_root_write(FAKE_SIBLING, PCI_BAR(0), 4, UINT32_MAX), 0xfffff000);
	end(id);
	CHECK_EQ(fake_get(FAKE_SIBLING, PCI_COMMAND, 2), 0x103);
}

/* What decodes is not made deaf to find out that a write has nothing to do with a cell's. */
TEST(others_are_left_alone)
{
	unsigned before;
	uint32_t id;

	boot();
	id = run(&with_nvme);
	before = fake_function(FAKE_SIBLING)->writes;
	CHANGES(FAKE_SIBLING, PCI_INTERRUPT_LINE, 1, 11);
	CHANGES(FAKE_SIBLING, PCI_COMMAND, 2, 0x503);
	CHANGES(FAKE_SIBLING, PCI_BAR(0), 4, FAKE_REGISTERS + 0xc0000);
	CHANGES(FAKE_SIBLING, PCI_COMMAND, 2, 0x501);
	CHANGES(FAKE_SIBLING, PCI_BAR(0), 4, FAKE_REGISTERS + 0xd1000);
	CHECK_EQ(fake_function(FAKE_SIBLING)->writes, before + 5);
	end(id);
}

/* Nor at all where no cell has a function, and config space is filtered for messages alone. */
TEST(nothing_is_sized_without_functions)
{
	unsigned before;
	uint32_t id;

	fake_boot(5);
	machine.system.mmconfig_base = FAKE_MMCONFIG;
	id = run(&plain);
	CHECK(fake_filtered);
	before = fake_function(FAKE_SIBLING)->writes;
	CHANGES(FAKE_SIBLING, PCI_BAR(0), 4, FAKE_REGISTERS + 0xd0000);
	CHECK_EQ(fake_function(FAKE_SIBLING)->writes, before + 1);
	end(id);
}

/* A ROM has no address in a cell: it is off, whatever the root or a reset has left there. */
TEST(roms_of_cells_are_off)
{
	uint32_t id;

	boot();
	memset(fake_function(FAKE_NVME)->writable + PCI_ROM + 2, 0xff, 2);
	fake_function(FAKE_NVME)->writable[PCI_ROM] = 1;
	fake_set(FAKE_NVME, PCI_ROM, 4, (FAKE_REGISTERS + 0x40000) | 1);
	id = make_clean(&with_nvme);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_ROM, 4) & 1, 0);
	fake_function(FAKE_NVME)->initial[PCI_ROM] = 1;
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	fake_run();
	CHECK_EQ(fake_get(FAKE_NVME, PCI_ROM, 4) & 1, 0);
	end(id);
}

/* Ports that a bridge passes on, as memory. */
TEST(windows_of_ports)
{
	uint32_t id;

	boot();
	id = run(&with_nic);
	fake_set(FAKE_SIBLING, PCI_HEADER_TYPE, 1, 1);
	memset(fake_function(FAKE_SIBLING)->writable + 0x18, 0xff, 0x1c);
	fake_set(FAKE_SIBLING, 0x1c, 2, 0x0010);
	fake_set(FAKE_SIBLING, 0x20, 4, 0x00000010);
	fake_set(FAKE_SIBLING, 0x24, 4, 0x00000010);
	STAYS(FAKE_SIBLING, 0x1c, 2, 0xc0b0);
	CHANGES(FAKE_SIBLING, 0x1c, 2, 0xd0d0);
	STAYS(FAKE_SIBLING, 0x1c, 1, 0xc0);
	CHANGES(FAKE_SIBLING, PCI_COMMAND, 2, 0x102);
	CHANGES(FAKE_SIBLING, 0x1c, 1, 0xc0);
	STAYS(FAKE_SIBLING, PCI_COMMAND, 2, 0x103);
	end(id);
}

/* What only extended config space has: virtual functions, BARs that grow. */
TEST(virtual_and_resized)
{
	const uint32_t edu = FAKE_REGISTERS + 0x180000;
	struct fake_function *sibling;
	uint32_t id;

	boot();
	sibling = fake_function(FAKE_SIBLING);
	fake_set(FAKE_SIBLING, 0x100, 4, 0x16010010);
	fake_set(FAKE_SIBLING, 0x10c, 4, 0x00080000); /* eight */
	fake_set(FAKE_SIBLING, 0x124, 4, FAKE_REGISTERS + 0x20000);
	fake_set(FAKE_SIBLING, 0x160, 4, 0x00010015);
	fake_set(FAKE_SIBLING, 0x168, 4, 0x00000020);
	sibling->writable[0x108] = 0x19;
	sibling->writable[0x169] = 0x3f;
	memset(sibling->writable + 0x126, 0xff, 2);
	id = run(&with_nvme);
	CHANGES(FAKE_SIBLING, 0x108, 2, 0x0009);
	STAYS(FAKE_SIBLING, 0x124, 4, edu);
	CHANGES(FAKE_SIBLING, 0x108, 2, 0);
	CHANGES(FAKE_SIBLING, 0x124, 4, FAKE_REGISTERS + 0x110000);
	STAYS(FAKE_SIBLING, 0x108, 2, 0x0009);
	CHANGES(FAKE_SIBLING, 0x124, 4, edu - 0x10000); /* the second of them */
	STAYS(FAKE_SIBLING, 0x108, 2, 0x0008);
	CHANGES(FAKE_SIBLING, 0x108, 2, 0x0001);
	STAYS(FAKE_SIBLING, 0x168, 4, 0x00000520);
	CHANGES(FAKE_SIBLING, PCI_COMMAND, 2, 0x101);
	CHANGES(FAKE_SIBLING, 0x168, 4, 0x00000520);
	end(id);
	fake_set(FAKE_SIBLING, PCI_COMMAND, 2, 0x103);
	fake_set(FAKE_SIBLING, 0x124, 4, edu);
	fake_set(FAKE_SIBLING, 0x108, 2, 0x0008);
	overlapped(FAKE_SIBLING);
}
