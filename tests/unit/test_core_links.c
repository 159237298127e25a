/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links: of two cells, of cells and the root, their first peer and their last. */
#include <stdlib.h>

#include "core.h"

#include "core/errno.h"
#include "core/link.h"

static const struct ivshmem *end_of(uint32_t cell, unsigned index)
{
	return cell_by_id(cell)->links[index];
}

static void write_register(unsigned cpu, struct pci_function *function, uint32_t offset,
			   uint32_t value)
{
	fake.self = cpus[cpu];
	CHECK(function->ops->write(cpus[cpu], function, 0, offset, 4, value));
	fake.self = cpus[0];
}

/* Interrupts of this peer's come as messages. */
static void listen(unsigned cpu, struct pci_function *function)
{
	function->ops->write(cpus[cpu], function, 1, 0, 4, 0xfee00000);
	function->ops->write(cpus[cpu], function, 1, 12, 4, 0);
	pci_config_write(cpus[cpu], function, PCI_COMMAND, 2,
			 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	pci_config_write(cpus[cpu], function, CELLHV_IVSHMEM2_MSIX + 2, 2, 0x8000);
	write_register(cpu, function, CELLHV_IVSHMEM2_INTERRUPT_CONTROL, 1);
}

TEST(life_of_links)
{
	struct snapshot *before;
	uint32_t first, second;

	fake_boot(5);
	before = snapshot_take();
	fake_fill_ram(0x700000, 0xaa, 0x5000);
	first = make_clean(&rich);
	CHECK(fake_ram_is(0x700000, 0, 0x5000) && fake_ram_is(0xd00000, 0, 0x2000));
	second = make_clean(&peer);
	CHECK(links && links->next && !links->next->next);
	CHECK_EQ(links->cells + links->next->cells, 4);
	CHECK(pci_find(root_cell.functions, 0x08));
	CHECK(pci_find(cell_by_id(first)->functions, 0x10));
	CHECK(pci_find(cell_by_id(second)->functions, 0x28));

	/* One ends while the other works on, and comes back. */
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, first), 0);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_START, second), 0);
	fake_run();
	fake_fill_ram(0x701000, 0x77, 0x1000);
	end(first);
	CHECK(fake_ram_is(0x701000, 0x77, 0x1000));
	first = run(&rich);
	end(second);
	CHECK(fake_ram_is(0x701000, 0x77, 0x1000));
	end(first);
	CHECK(fake_ram_is(0x700000, 0, 0x5000));
	snapshot_expect(before);
	free(before);
}

TEST(peers_hear_of_each_other)
{
	struct pci_function *root;
	uint32_t first, second, state;

	fake_boot(5);
	first = run(&rich);
	second = run(&peer);
	root = pci_find(root_cell.functions, 0x08);
	listen(0, root);
	listen(3, (struct pci_function *)&end_of(second, 1)->function);
	write_register(1, (struct pci_function *)&end_of(first, 0)->function, CELLHV_IVSHMEM2_STATE,
		       5);
	CHECK_EQ(fake.messages, 2);
	fake_read(0x700004, &state, sizeof(state));
	CHECK_EQ(state, 5);

	/* That it has failed, is told as it fails; that it has been stopped, by the stop. */
	fake_fail(1);
	CHECK_EQ(fake.messages, 4);
	fake_read(0x700004, &state, sizeof(state));
	CHECK_EQ(state, 0);
	write_register(3, (struct pci_function *)&end_of(second, 1)->function,
		       CELLHV_IVSHMEM2_STATE, 6);
	CHECK_EQ(fake.messages, 5);
	CHECK(fake.message_cell == &root_cell);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_STOP, second), 0);
	CHECK_EQ(fake.messages, 6);
	fake_check();
}

static void refused(struct wanted wanted, int error, uint32_t check, uint64_t object)
{
	struct snapshot *before = snapshot_take();

	CHECK_EQ(create(&wanted), error);
	CHECK_EQ(answer.check, check);
	CHECK_EQ(answer.object, object);
	snapshot_expect(before);
	free(before);
}

TEST(links_refused)
{
	struct wanted wanted = peer;
	uint32_t first;

	fake_boot(5);
	wanted.links[1].guest = 1ull << 48;
	refused(wanted, -EINVAL, CELLHV_CHECK_CONFIG_LINK, 1);
	wanted = peer;
	wanted.links[1].guest = wanted.links[0].guest;
	refused(wanted, -EINVAL, CELLHV_CHECK_CONFIG_LINK, 1);
	wanted = peer;
	wanted.links[1].shared.phys = FAKE_PHYS_LIMIT - 0x1000;
	refused(wanted, -ERANGE, CELLHV_CHECK_MEMORY_RANGE, FAKE_PHYS_LIMIT - 0x1000);
	wanted.links[1].shared.phys = FAKE_BLOCK;
	refused(wanted, -EBUSY, CELLHV_CHECK_MEMORY_OWNED, FAKE_BLOCK);

	first = make_clean(&rich);
	wanted = peer;
	wanted.links[1].shared.vectors = 1;
	refused(wanted, -EINVAL, CELLHV_CHECK_LINK_DIFFERS, 1);
	wanted = peer;
	wanted.links[1].id = 1;
	refused(wanted, -EBUSY, CELLHV_CHECK_LINK_PEER, 1);
	wanted = peer;
	memcpy(wanted.links[1].shared.name, "c", 2);
	refused(wanted, -EBUSY, CELLHV_CHECK_MEMORY_OWNED, 0x700000);
	wanted.links[1].shared.phys = 0x780000;
	refused(wanted, -EBUSY, CELLHV_CHECK_LINK_FUNCTION, 1);
	wanted = peer;
	wanted.memory[0].phys = 0x701000;
	wanted.links[1].shared.protocol = 0;
	refused(wanted, -EBUSY, CELLHV_CHECK_MEMORY_OWNED, 0x701000);
	end(first);
}

/* Who joined a link whose memory is the root's again would share it with the root. */
TEST(nobody_joins_a_link_that_ends)
{
	uint32_t first;

	fake_boot(5);
	first = make_clean(&rich);
	fake.failing_change = fake.changes + 1;
	EXPECT(op_cell(CELLHV_OP_CELL_DESTROY, first), -ETIMEDOUT, CPU_SILENT, 77);
	fake_mend();
	refused(peer, -EBUSY, CELLHV_CHECK_MEMORY_OWNED, 0xd00000);
	EXPECT(op_cell(CELLHV_OP_CELL_START, first), -EBUSY, CELL_STATE, CELLHV_STATE_STOPPED);
	EXPECT(load(first, 0, "x", 1), -EBUSY, CELL_STATE, CELLHV_STATE_STOPPED);
	CHECK_EQ(op_cell(CELLHV_OP_CELL_DESTROY, first), 0);
	end(make(&peer));
}
