/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Physical functions of cells: their life and refusals. */
#include <stdlib.h>

#include "core_function.h"

#include "core/errno.h"
#include "core/memory.h"

static bool masters(uint16_t address)
{
	return fake_get(address, PCI_COMMAND, 2) & PCI_COMMAND_MASTER;
}

static void guest_write(uint32_t id, unsigned index, unsigned offset, unsigned size, uint32_t value)
{
	struct cell *cell = cell_by_id(id);

	fake.self = cpus[config_cpu(cell->config, 0)];
	CHECK_EQ(pci_config_write(fake.self, &cell->physical[index]->pci, offset, size, value),
		 PCI_DONE);
	fake.self = cpus[0];
}

TEST(life)
{
	struct snapshot *before;
	uint32_t id, nic;

	boot();
	before = snapshot_take();
	id = make_clean(&with_nvme);
	CHECK(fake_filtered);
	CHECK(iommu_owner(FAKE_NVME) == cell_by_id(id) && iommu_owner(FAKE_EDU) == cell_by_id(id));
	CHECK_EQ(fake_get(FAKE_NVME, PCI_COMMAND, 2) & 0x406, 0x402);
	CHECK_EQ(fake_get(FAKE_NVME, 0x106, 2), 0); /* ATS */
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	fake_run();
	CHECK_EQ(fake_function(FAKE_NVME)->resets, 1);
	CHECK_EQ(fake_function(FAKE_EDU)->resets, 0);
	CHECK_EQ(fake_get(FAKE_NVME, PCI_BAR(0), 4), (FAKE_REGISTERS + 0x110000) | 4);
	guest_write(id, 0, PCI_COMMAND, 2, 0x6);
	guest_write(id, 1, PCI_COMMAND, 2, 0x4);
	CHECK(masters(FAKE_NVME) && masters(FAKE_EDU));
	fake_check();

	/* Another cell comes and goes beside it. */
	nic = run(&with_nic);
	guest_write(nic, 0, PCI_COMMAND, 2, 0x7);
	CHECK_EQ(fake_get(FAKE_NIC, PCI_COMMAND, 2) & 0x7, 7);
	end(nic);
	CHECK(fake_filtered && masters(FAKE_NVME));

	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	CHECK(!masters(FAKE_NVME) && !masters(FAKE_EDU));
	CHECK_EQ(scrub_all(id), 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
	fake_run();
	CHECK_EQ(fake_function(FAKE_NVME)->resets, 2);
	guest_write(id, 1, PCI_COMMAND, 2, 0x4);
	fake_fail(1);
	CHECK(!masters(FAKE_EDU));
	guest_write(id, 1, PCI_COMMAND, 2, 0x4);
	CHECK(!masters(FAKE_EDU));
	end(id);
	CHECK(!fake_filtered && !functions_taken);
	snapshot_expect(before);
	free(before);
}

static bool root_has_port(unsigned port)
{
	return fake.root_ports[port / 8] >> port % 8 & 1;
}

/* With its BAR, though the cell lists none. */
TEST(ports_of_bars)
{
	struct wanted wanted = plain;
	uint32_t id;

	boot();
	id = run(&with_nic);
	for (unsigned port = 0xbfff; port <= 0xc020; port++)
		CHECK_EQ(root_has_port(port), port < 0xc000 || port > 0xc01f);
	wanted.ports[0].base = 0xc01f;
	CHECK_EQ(create(&wanted), -EBUSY);
	CHECK_EQ(answer.check, CELLHV_CHECK_PORT_OWNED);
	end(id);
	CHECK(root_has_port(0xc000) && root_has_port(0xc01f));
}

/* What it has begun ends before it is said to be quiet; a function that never ends is left. */
TEST(pending_transactions_are_waited_for)
{
	uint32_t id;
	uint64_t start;

	boot();
	id = run(&with_nvme);
	fake_function(FAKE_NVME)->pending_until = fake.now + 50 * machine.ticks_per_ms;
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
	CHECK(fake.now >= fake_function(FAKE_NVME)->pending_until);
	CHECK(!strstr(fake.debug, "does not end"));
	fake_function(FAKE_NVME)->pending_until = FAKE_NEVER;
	start = fake.now;
	end(id);
	CHECK(fake.now - start < 1000ull * machine.ticks_per_ms);
	CHECK(strstr(fake.debug, "Function 00:05.0 does not end what it has begun"));
}

/* All at once: it takes as long as one of them. */
TEST(resets_and_waits_are_side_by_side)
{
	struct wanted wanted = with_nvme;
	uint32_t id;
	uint64_t start;

	boot();
	fake_add_resets();
	fake_set(FAKE_BRIDGE, 0x20, 4, 0x10); /* passes nothing on */
	wanted.functions[2] = FAKE_SIBLING;
	id = make_clean(&wanted);
	for (unsigned i = 0; i < 2; i++) {
		fake_function(FAKE_NVME)->pending_until = FAKE_NEVER;
		fake_function(FAKE_SIBLING)->pending_until = FAKE_NEVER;
		start = fake.now;
		CHECK_EQ(op_cell(CELLHV_OP_CELL_START, id), 0);
		CHECK(fake.now - start <= 500ull * machine.ticks_per_ms);
		CHECK_EQ(fake_function(FAKE_NVME)->resets, i + 1);
		CHECK_EQ(fake_function(FAKE_SIBLING)->resets, i + 1);
		CHECK_EQ(fake_get(FAKE_SIBLING, PCI_BAR(0), 4), FAKE_REGISTERS + 0xc0000);
		fake_run();
		start = fake.now;
		CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, id), 0);
		CHECK(fake.now - start <= 300ull * machine.ticks_per_ms);
		CHECK_EQ(scrub_all(id), 0);
	}
	CHECK_EQ(op_cell(CELLHV_OP_CELL_DESTROY, id), 0);
}

static void poll(void)
{
	fake.fault = FAKE_NVME;
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
}

/* A cell fails by a fault of its function: nobody waits, though a CPU of the guest is in it. */
TEST(a_fault_waits_for_nobody)
{
	struct cell *cell;
	uint64_t start;
	uint32_t id;

	boot();
	id = run(&with_nvme);
	cell = cell_by_id(id);
	guest_write(id, 0, PCI_COMMAND, 2, 0x4);
	guest_write(id, 1, PCI_COMMAND, 2, 0x4);
	lock_acquire(&cell->physical[0]->lock);
	start = fake.now;
	poll();
	CHECK_EQ(fake.now, start);
	CHECK_EQ(state_of(id), CELLHV_STATE_FAILED);
	CHECK(!masters(FAKE_NVME) && !masters(FAKE_EDU));
	lock_release(&cell->physical[0]->lock);
	end(id);

	/* That CPU tells the hardware what it had read before, and is the last one to speak. */
	id = run(&with_nvme);
	fake.at_write = poll;
	guest_write(id, 0, PCI_COMMAND, 2, 0x4);
	CHECK_EQ(state_of(id), CELLHV_STATE_FAILED);
	CHECK(!masters(FAKE_NVME));
	end(id);
}

/* The second function of two, with one change. */
static struct wanted changed(struct cellhv_function **ret)
{
	static struct wanted wanted;

	wanted = with_nvme;
	wanted.described[0] = wanted_function(FAKE_EDU);
	wanted.described[1] = wanted_function(FAKE_NIC);
	*ret = &wanted.described[1];
	return wanted;
}

#define REFUSED_WITH(field, value, error, check, object)               \
	do {                                                           \
		struct cellhv_function *function;                      \
		struct wanted wanted = changed(&function);             \
		wanted.described[1].field = (value);                   \
		refused(&wanted, error, CELLHV_CHECK_##check, object); \
	} while (0)

TEST(refused_by_the_hardware)
{
	boot();
	REFUSED_WITH(address, 0x40, -ENODEV, FUNCTION_ABSENT, 1);
	REFUSED_WITH(address, FAKE_BRIDGE, -EINVAL, FUNCTION_DIFFERS, 1);
	REFUSED_WITH(address, FAKE_SIBLING, -EINVAL, FUNCTION_DIFFERS, 1);
	REFUSED_WITH(bars[0].phys, FAKE_REGISTERS + 0x60000, -EINVAL, FUNCTION_DIFFERS, 1);
	REFUSED_WITH(bars[0].size, 0x1000, -EINVAL, FUNCTION_DIFFERS, 1);
	REFUSED_WITH(bars[2].phys, 0xd000, -EINVAL, FUNCTION_DIFFERS, 1);
	REFUSED_WITH(bars[2].size, 0x10, -EINVAL, FUNCTION_DIFFERS, 1);
	REFUSED_WITH(bars[4].phys, 0xe000, -EINVAL, CONFIG_FUNCTION, 1);
	fake_set(FAKE_NVME, 0x64, 2, 3);
	refused(&with_nvme, -ENODEV, CELLHV_CHECK_FUNCTION_ABSENT, 0);
	fake_set(FAKE_NVME, 0x64, 2, 0);
	end(make(&with_nvme));
}

/* Bridges and requesters are what config space says, whatever the configuration does. */
TEST(refused_where_it_is_not)
{
	boot();
	REFUSED_WITH(bridges[0], FAKE_SIBLING, -EINVAL, FUNCTION_PATH, 1);
	REFUSED_WITH(bridges[0], 0x40, -EINVAL, FUNCTION_PATH, 1);
	REFUSED_WITH(requesters[0], 0x101, -EINVAL, FUNCTION_PATH, 1);
	fake_set(FAKE_BRIDGE, 0x19, 1, 2);
	REFUSED_WITH(flags, 0, -EINVAL, FUNCTION_PATH, 1);
	fake_set(FAKE_BRIDGE, 0x19, 1, 1);

	/* From PCI Express to PCI: all behind it have one id, and their own where it lets them. */
	fake_set(FAKE_BRIDGE, 0x42, 2, 0x72);
	REFUSED_WITH(requesters[0], FAKE_BRIDGE, -EINVAL, FUNCTION_PATH, 1);
	end(make(&with_nic)); /* 01:00.0 is both */
	fake_set(FAKE_BRIDGE, 0x42, 2, 0x82);
	REFUSED_WITH(flags, 0, -EINVAL, FUNCTION_PATH, 1);
	REFUSED_WITH(requesters[0], FAKE_BRIDGE, -EINVAL, FUNCTION_PATH, 1);
	{
		struct cellhv_function *function;
		struct wanted wanted = changed(&function);

		wanted.described[1].num_requesters = 2;
		wanted.described[1].requesters[0] = FAKE_BRIDGE;
		wanted.described[1].requesters[1] = FAKE_NIC;
		end(make(&wanted));
		wanted.described[1].num_requesters = 3;
		wanted.described[1].requesters[2] = FAKE_SIBLING;
		refused(&wanted, -EINVAL, CELLHV_CHECK_FUNCTION_PATH, 1);
		wanted.described[1] = wanted_function(FAKE_NIC);
		wanted.described[1].num_bridges = wanted.described[1].bridges[0] = 0;
		refused(&wanted, -EINVAL, CELLHV_CHECK_FUNCTION_PATH, 1);
	}
	fake_set(FAKE_BRIDGE, 0x42, 2, 2);

	/* Another bridge says that the bus is behind it. */
	fake_set(FAKE_SIBLING, PCI_HEADER_TYPE, 1, 1);
	fake_set(FAKE_SIBLING, 0x18, 4, 0x00020100);
	REFUSED_WITH(flags, 0, -EINVAL, FUNCTION_PATH, 1);
	fake_set(FAKE_SIBLING, 0x18, 4, 0x00020200);
	end(make(&with_nic));
}

TEST(refused_as_another_has_it)
{
	struct wanted wanted = with_nic, region = plain;
	uint32_t id;

	boot();
	id = make(&with_nvme);
	wanted.functions[0] = FAKE_EDU;
	refused(&wanted, -EBUSY, CELLHV_CHECK_FUNCTION_OWNED, 0);
	wanted.described[0] = wanted_function(FAKE_NIC);
	wanted.described[0].requesters[0] = FAKE_EDU;
	refused(&wanted, -EBUSY, CELLHV_CHECK_FUNCTION_OWNED, 0);
	region.cpus[0] = 3;
	region.memory[0].phys = 0x600000;
	region.memory[1].phys = FAKE_REGISTERS + 0x110000;
	refused(&region, -EBUSY, CELLHV_CHECK_MEMORY_OWNED, FAKE_REGISTERS + 0x110000);
	end(id);
	region.memory[1].phys = FAKE_REGISTERS + 0x80000;
	id = make(&region);
	wanted = with_nic;
	wanted.memory[0].phys = 0xe00000;
	wanted.cpus[0] = 2;
	refused(&wanted, -EBUSY, CELLHV_CHECK_MEMORY_OWNED, FAKE_REGISTERS + 0x80000);
	end(id);

	/* What keeps cells apart, and where the root has a virtual function. */
	fake_set(FAKE_SIBLING, PCI_BAR(0), 4, FAKE_REGISTERS);
	fake_function(FAKE_SIBLING)->bars[0].phys = FAKE_REGISTERS;
	wanted.functions[0] = FAKE_SIBLING;
	refused(&wanted, -EBUSY, CELLHV_CHECK_MEMORY_OWNED, FAKE_REGISTERS);
	wanted.functions[0] = 8;
	id = make(&peer);
	wanted.described[0] = wanted_function(FAKE_EDU);
	wanted.described[0].address = 8;
	refused(&wanted, -EBUSY, CELLHV_CHECK_FUNCTION_OWNED, 0);
	end(id);
}

TEST(nobody_masters_the_bus_unconfined)
{
	struct wanted wanted = with_nvme;
	uint32_t id;

	fake_boot_units(5, 1);
	fake.no_remapping = true;
	CHECK_EQ(op(CELLHV_OP_IOMMU_TAKE), 0);
	refused(&wanted, -EPERM, CELLHV_CHECK_FUNCTION_DMA, 0);
	fake_boot(5);
	refused(&wanted, -EPERM, CELLHV_CHECK_FUNCTION_DMA, 0);
	wanted.flags |= CELLHV_CELL_DMA_TRUSTED;
	id = run(&wanted);
	CHECK(!iommu_owner(FAKE_NVME));
	guest_write(id, 0, PCI_COMMAND, 2, 4);
	CHECK(masters(FAKE_NVME));
	end(id);
	boot();
	end(run(&with_nvme));
}

/* The root changes a BAR between the check and the moment from which it cannot. */
static void move_bar(void)
{
	fake_set(FAKE_NVME, PCI_BAR(0), 4, (FAKE_REGISTERS + 0x60000) | 4);
}

TEST(what_was_checked_is_what_is_taken)
{
	boot();
	for (unsigned i = 1; i < 5; i++)
		cpu_signal(cpus[i], &root_cell, 0, FAKE_SIGNAL_START);
	fake_run();
	fake.meanwhile = move_bar;
	EXPECT(create(&with_nvme), -EINVAL, FUNCTION_DIFFERS, 0);
	CHECK(!functions_taken && !fake_filtered && !iommu_owner(FAKE_NVME));
}
