/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of the root's functions where nothing remaps them: they reach CPUs of the root alone. */
#include <stdlib.h>

#include "core.h"

#include "core/errno.h"
#include "core/memory.h"
#include "core/message_root.h"
#include "core/message_table.h"

#define MSI 0x40u  /* of edu */
#define MSIX 0x40u /* of nvme */
#define TABLE (FAKE_REGISTERS + 0x112000)
#define TO(cpu) (0xfee00000u | (cpu) << 12)
#define OF_ROOT TO(0u)
#define OF_CELL TO(1u) /* of `plain` */
#define FIXED 0x41u
#define NMI 0x441u
#define ENABLE 0x8000u
#define MASKED 1u

static void boot(void)
{
	fake_boot(5);
	machine.system.mmconfig_base = FAKE_MMCONFIG;
	machine.system.mmconfig_end_bus = 1;
}

static uint32_t *entry(unsigned index)
{
	return (uint32_t *)(fake_registers + (TABLE - FAKE_REGISTERS)) + 4 * index;
}

static void set_entry(unsigned index, uint32_t address, uint32_t data, uint32_t control)
{
	uint32_t *words = entry(index);

	words[0] = address;
	words[1] = 0;
	words[2] = data;
	words[3] = control;
}

static void root_writes(unsigned index, unsigned word, unsigned size, uint64_t value)
{
	message_table_write(fake.self, TABLE + 16 * index + 4 * word, size, value);
}

static void turn_on(uint16_t address)
{
	fake_root_write(address, MSIX + 2, 2, ENABLE);
}

static bool is_on(uint16_t address)
{
	return fake_get(address, MSIX + 2, 2) & ENABLE;
}

TEST(what_is_said_of_the_machine)
{
	fake_boot(5);
	CHECK_EQ(op(CELLHV_OP_INFO), 0);
	CHECK_EQ(answer.info.interrupts, CELLHV_INTERRUPTS_OPEN);
	boot();
	CHECK_EQ(op(CELLHV_OP_INFO), 0);
	CHECK_EQ(answer.info.interrupts, CELLHV_INTERRUPTS_MESSAGES);

	/* Units that Linux has for itself. */
	fake_boot_units(5, 1);
	machine.system.mmconfig_base = FAKE_MMCONFIG;
	machine.system.mmconfig_end_bus = 1;
	CHECK_EQ(op(CELLHV_OP_INFO), 0);
	CHECK_EQ(answer.info.interrupts, CELLHV_INTERRUPTS_OPEN);
	CHECK_EQ(op(CELLHV_OP_IOMMU_TAKE), 0);
	CHECK_EQ(op(CELLHV_OP_INFO), 0);
	CHECK_EQ(answer.info.interrupts, CELLHV_INTERRUPTS_REMAPPED);
}

TEST(filtered_while_there_is_a_cell)
{
	struct snapshot *before;
	uint32_t id, second;

	boot();
	before = snapshot_take();
	id = run(&plain);
	CHECK(fake_filtered && message_root_filters());
	second = run(&other);
	end(id);
	CHECK(fake_filtered);
	end(second);
	CHECK(!fake_filtered && !message_root_filters());
	snapshot_expect(before);
	free(before);
}

TEST(msi)
{
	uint32_t id;

	boot();
	id = run(&plain);
	fake_root_write(FAKE_EDU, MSI + 4, 4, OF_ROOT);
	fake_root_write(FAKE_EDU, MSI + 12, 2, FIXED);
	fake_root_write(FAKE_EDU, MSI + 2, 2, 1);
	CHECK_EQ(fake_get(FAKE_EDU, MSI + 4, 4), OF_ROOT);
	CHECK_EQ(fake_get(FAKE_EDU, MSI + 2, 2) & 1, 1);

	fake_root_write(FAKE_EDU, MSI + 4, 4, OF_CELL);
	fake_root_write(FAKE_EDU, MSI + 5, 1, OF_CELL >> 8 & 0xff);
	CHECK_EQ(fake_get(FAKE_EDU, MSI + 4, 4), OF_ROOT);
	fake_root_write(FAKE_EDU, MSI + 8, 4, 1);
	CHECK_EQ(fake_get(FAKE_EDU, MSI + 8, 4), 0);
	fake_root_write(FAKE_EDU, MSI + 12, 2, NMI);
	fake_root_write(FAKE_EDU, MSI + 13, 1, NMI >> 8);
	CHECK_EQ(fake_get(FAKE_EDU, MSI + 12, 2), FIXED);
	/* So many that the first is no vector. */
	fake_root_write(FAKE_EDU, MSI + 12, 2, 0x1f);
	fake_root_write(FAKE_EDU, MSI + 2, 2, 0x51);
	CHECK_EQ(fake_get(FAKE_EDU, MSI + 2, 2) & 0x71, 1);
	fake_root_write(FAKE_EDU, MSI + 2, 2, 0x41);
	CHECK_EQ(fake_get(FAKE_EDU, MSI + 2, 2) & 0x71, 0x41);

	/* What is off may be anything, and not be turned on. */
	fake_root_write(FAKE_EDU, MSI + 2, 2, 0);
	fake_root_write(FAKE_EDU, MSI + 4, 4, OF_CELL);
	CHECK_EQ(fake_get(FAKE_EDU, MSI + 4, 4), OF_CELL);
	fake_root_write(FAKE_EDU, MSI + 2, 2, 1);
	fake_root_write(FAKE_EDU, MSI, 4, 0x10005);
	CHECK_EQ(fake_get(FAKE_EDU, MSI + 2, 2) & 1, 0);
	end(id);
	fake_root_write(FAKE_EDU, MSI + 2, 2, 1);
	CHECK_EQ(fake_get(FAKE_EDU, MSI + 2, 2) & 1, 1);

	/* The next cell finds it on. */
	id = make(&plain);
	CHECK_EQ(fake_get(FAKE_EDU, MSI + 2, 2) & 1, 0);
	end(id);
}

TEST(entries_of_a_table)
{
	uint32_t id;

	boot();
	set_entry(3, OF_ROOT, FIXED, 0);
	set_entry(4, OF_CELL, FIXED, 0);
	set_entry(5, OF_ROOT, NMI, 0);
	set_entry(6, OF_CELL, NMI, MASKED);
	turn_on(FAKE_NVME);
	id = run(&plain);
	CHECK(message_table_meets(TABLE + 64 * 16, 16) && !message_table_meets(TABLE + 0x2000, 16));
	CHECK(!memory_root_writes(TABLE) && memory_root_reaches(TABLE));
	CHECK_EQ(entry(3)[3], 0);
	CHECK_EQ(entry(4)[3], MASKED);
	CHECK_EQ(entry(5)[3], MASKED);

	root_writes(3, 0, 4, OF_CELL);
	root_writes(3, 1, 4, 1);
	root_writes(3, 0, 8, OF_CELL);
	root_writes(3, 2, 4, NMI);
	root_writes(3, 2, 8, NMI);
	root_writes(6, 3, 4, 0);
	/* Not as tables are written: 6.8.2. */
	root_writes(3, 0, 2, 0x1234);
	root_writes(3, 1, 8, 0);
	root_writes(3, 3, 8, 0);
	message_table_write(fake.self, TABLE + 16 * 3 + 2, 4, 0);
	CHECK_EQ(entry(3)[0], OF_ROOT);
	CHECK_EQ(entry(3)[1], 0);
	CHECK_EQ(entry(3)[2], FIXED);
	CHECK_EQ(entry(3)[3], 0);
	CHECK_EQ(entry(6)[3], MASKED);

	root_writes(3, 2, 8, (uint64_t)MASKED << 32 | NMI);
	CHECK_EQ(entry(3)[2], NMI);
	CHECK_EQ(entry(3)[3], MASKED);
	root_writes(64, 0, 8, TO(2u));
	root_writes(64, 2, 8, 0x55);
	CHECK_EQ(entry(64)[0], TO(2u));
	CHECK_EQ(entry(64)[2], 0x55);
	CHECK_EQ(entry(64)[3], 0);
	/* Beside the table. */
	root_writes(65, 0, 8, 0x1122334455667788);
	root_writes(65, 1, 8, 0);
	root_writes(65, 3, 1, 0x99);
	CHECK_EQ(entry(65)[0], 0x55667788);
	CHECK_EQ(entry(65)[1], 0x11223344);
	CHECK_EQ(entry(65)[3] & 0xff, 0x99);
	end(id);
	CHECK(!message_table_meets(TABLE, 16) && memory_root_writes(TABLE));
}

TEST(a_table_that_is_turned_on_later)
{
	uint32_t id, bar = FAKE_REGISTERS + 0x120000;

	boot();
	set_entry(4, OF_CELL, FIXED, 0);
	id = run(&plain);
	CHECK(memory_root_writes(TABLE));
	turn_on(FAKE_NVME);
	CHECK(is_on(FAKE_NVME) && !memory_root_writes(TABLE));
	CHECK_EQ(entry(4)[3], MASKED);

	/* It does not move while it is on; elsewhere it is as before. */
	fake_root_write(FAKE_NVME, PCI_BAR(0), 4, bar);
	fake_root_write(FAKE_NVME, PCI_BAR(1), 4, 1);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_BAR(0), 4), (FAKE_REGISTERS + 0x110000) | 4);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_BAR(1), 4), 0);
	fake_root_write(FAKE_NVME, PCI_COMMAND, 2, 0);
	fake_root_write(FAKE_NVME, PCI_BAR(0), 4, bar);
	fake_root_write(FAKE_NVME, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_COMMAND, 2), PCI_COMMAND_MEMORY);
	CHECK(memory_root_writes(TABLE) && !memory_root_writes(bar + 0x2000));

	/* Over what is a cell's it is not turned on. */
	fake_root_write(FAKE_NVME, PCI_COMMAND, 2, 0);
	fake_root_write(FAKE_NVME, PCI_BAR(0), 4, machine.memory_phys);
	fake_root_write(FAKE_NVME, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_COMMAND, 2), 0);
	end(id);
	CHECK(memory_root_writes(bar + 0x2000));
}

#define VIRTUAL 0x208u /* control of virtual functions, of nvme */
#define VIRTUAL_MSI 0x40u
#define VIRTUAL_MSIX 0xa0u

/* They do not say that they are there: no ids, no BARs, nothing that decodes. */
static void make_virtual(uint16_t address)
{
	fake_set(address, PCI_VENDOR, 4, UINT32_MAX);
	fake_set(address, PCI_COMMAND, 2, 0);
	memset(fake_function(address)->config + PCI_BAR(0), 0, 4 * PCI_BARS);
	memset(fake_function(address)->writable + PCI_BAR(0), 0, 4 * PCI_BARS);
}

/* nvme has two, where the sibling and the nic are: 28 + 10, + C8. One has MSI, one MSI-X. */
static void boot_virtuals(uint32_t enable)
{
	struct fake_function *first;

	boot();
	first = fake_function(FAKE_SIBLING);
	fake_set(FAKE_NVME, VIRTUAL, 2, enable);
	fake_set(FAKE_NVME, 0x20c, 4, 0x00020002);
	fake_set(FAKE_NVME, 0x210, 2, 0xffff);
	fake_set(FAKE_NVME, 0x214, 4, 0x00c80010);
	fake_function(FAKE_NVME)->writable[VIRTUAL] = 0x19;
	make_virtual(FAKE_SIBLING);
	make_virtual(FAKE_NIC);
	fake_set(FAKE_SIBLING, PCI_STATUS, 2, PCI_STATUS_CAPABILITIES);
	fake_set(FAKE_SIBLING, PCI_CAPABILITIES, 1, VIRTUAL_MSI);
	fake_set(FAKE_SIBLING, VIRTUAL_MSI, 4, 0x00010005);
	fake_set(FAKE_SIBLING, VIRTUAL_MSI + 4, 4, OF_CELL);
	fake_set(FAKE_SIBLING, VIRTUAL_MSI + 8, 2, FIXED);
	memset(first->writable + VIRTUAL_MSI + 4, 0xff, 6);
	first->writable[VIRTUAL_MSI + 2] = 1;
	fake_set(FAKE_NIC, VIRTUAL_MSIX + 2, 2, ENABLE);
}

TEST(virtual_functions_that_there_are)
{
	uint32_t id;

	boot_virtuals(1);
	id = run(&plain);
	CHECK_EQ(fake_get(FAKE_SIBLING, VIRTUAL_MSI + 2, 2), 0);
	CHECK_EQ(fake_get(FAKE_NIC, VIRTUAL_MSIX + 2, 2) & ENABLE, 0);
	fake_root_write(FAKE_SIBLING, VIRTUAL_MSI + 2, 2, 1);
	CHECK_EQ(fake_get(FAKE_SIBLING, VIRTUAL_MSI + 2, 2), 0);
	fake_root_write(FAKE_SIBLING, VIRTUAL_MSI + 4, 4, OF_ROOT);
	fake_root_write(FAKE_SIBLING, VIRTUAL_MSI + 2, 2, 1);
	CHECK_EQ(fake_get(FAKE_SIBLING, VIRTUAL_MSI + 2, 2), 1);
	fake_root_write(FAKE_NIC, VIRTUAL_MSIX + 2, 2, ENABLE);
	CHECK_EQ(fake_get(FAKE_NIC, VIRTUAL_MSIX + 2, 2) & ENABLE, 0);
	/* What is on is written as it is. */
	fake_root_write(FAKE_NVME, VIRTUAL, 2, 0x9);
	CHECK_EQ(fake_get(FAKE_NVME, VIRTUAL, 2), 0x9);
	end(id);
	fake_root_write(FAKE_NIC, VIRTUAL_MSIX + 2, 2, ENABLE);
	CHECK_EQ(fake_get(FAKE_NIC, VIRTUAL_MSIX + 2, 2) & ENABLE, ENABLE);
}

TEST(virtual_functions_that_would_be)
{
	uint32_t id;

	boot_virtuals(0);
	id = run(&plain);
	/* Where they would be is nobody. */
	CHECK_EQ(fake_get(FAKE_SIBLING, VIRTUAL_MSI + 2, 2), 1);
	fake_root_write(FAKE_NVME, VIRTUAL, 2, 0x9);
	fake_root_write(FAKE_NVME, VIRTUAL, 1, 0x1);
	fake_root_write(FAKE_NVME, VIRTUAL, 4, 0x1);
	CHECK_EQ(fake_get(FAKE_NVME, VIRTUAL, 2), 0);
	fake_root_write(FAKE_NVME, VIRTUAL, 2, 0x18);
	CHECK_EQ(fake_get(FAKE_NVME, VIRTUAL, 2), 0x18);
	end(id);
	fake_root_write(FAKE_NVME, VIRTUAL, 2, 0x9);
	CHECK_EQ(fake_get(FAKE_NVME, VIRTUAL, 2), 0x9);
}

/* A cell of its own has the function, without remapping, and others are there before and after. */
TEST(a_function_that_becomes_a_cells)
{
	struct wanted wanted = other;
	uint32_t id, owner;

	boot();
	turn_on(FAKE_NVME);
	id = run(&plain);
	CHECK(!memory_root_writes(TABLE));
	wanted.functions[0] = FAKE_NVME;
	wanted.flags |= CELLHV_CELL_DMA_TRUSTED;
	owner = run(&wanted);
	CHECK(!message_table_meets(TABLE, 16));
	end(owner);
	CHECK(fake_filtered && !is_on(FAKE_NVME) && memory_root_writes(TABLE));
	turn_on(FAKE_NVME);
	CHECK(is_on(FAKE_NVME) && !memory_root_writes(TABLE));
	end(id);
	CHECK(!fake_filtered && memory_root_writes(TABLE));
}

/* Whatever fails on the way, nothing is left, or the cell is there with all of it. */
TEST(failures)
{
	struct snapshot *before;
	unsigned pages = 0;
	int err;

	boot();
	turn_on(FAKE_NVME);
	before = snapshot_take();
	do {
		fake_leave_pages(pages++, false);
		err = create(&plain);
		CHECK(err == 0 || answer.check == CELLHV_CHECK_POOL_EMPTY);
		fake_return_pages();
		if (!err)
			end(answer.create.id);
		CHECK(!fake_filtered && memory_root_writes(TABLE));
		snapshot_expect(before);
	} while (err && pages < 100);
	CHECK_EQ(err, 0);

	err = -ETIMEDOUT;
	for (unsigned change = 1; err; change++) {
		fake.failing_change = fake.changes + change;
		err = create(&plain);
		fake_mend();
		if (err)
			snapshot_expect(before);
	}
	CHECK(!memory_root_writes(TABLE));
	end(answer.create.id);
	snapshot_expect(before);
	free(before);
}
