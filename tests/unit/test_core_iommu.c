/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices of the root reach the root's memory, functions of a cell that of the cell: after each
 * call. fake_check() looks at all of it. Where a step fails: test_core_iommu_failures.c.
 */
#include "core_function.h"

#include "core/control.h"
#include "core/errno.h"
#include "core/iommu.h"
#include "core/memory.h"

TEST(taken_and_given_back)
{
	fake_boot_units(5, 3);
	CHECK_EQ(op(CELLHV_OP_INFO), 0);
	CHECK_EQ(answer.info.dma, CELLHV_DMA_OPEN);
	CHECK_EQ(answer.info.interrupts, CELLHV_INTERRUPTS_OPEN);
	CHECK_EQ(answer.info.tables_total, CELLHV_TABLES_SIZE / PAGE_SIZE);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(take(), 0);
		EXPECT(take(), -EBUSY, CALL_FORMAT, CELLHV_OP_IOMMU_TAKE);
		CHECK_EQ(op(CELLHV_OP_INFO), 0);
		CHECK_EQ(answer.info.dma, CELLHV_DMA_ISOLATED);
		CHECK_EQ(answer.info.interrupts, CELLHV_INTERRUPTS_REMAPPED);
		CHECK(answer.info.tables_used > 3);
		CHECK_EQ(leave(), 0);
		CHECK_EQ(leave(), 0);
		CHECK_EQ(op(CELLHV_OP_INFO), 0);
		CHECK_EQ(answer.info.dma, CELLHV_DMA_OPEN);
		CHECK_EQ(answer.info.tables_used, 0);
	}
}

TEST(refused)
{
	fake_boot(5);
	EXPECT(take(), -ENODEV, IOMMU_NONE, 0);
	fake_boot_units(5, 1);
	machine_set_tables(0, NULL);
	answer.op = CELLHV_OP_IOMMU_TAKE;
	EXPECT(raw_call(), -ENOMEM, POOL_EMPTY, 0); /* there is no block for them */
	fake_boot_units(5, 2);
	((struct cellhv_iommu *)config_iommu(&machine.system, 1))->type = 99;
	EXPECT(take(), -ENODEV, IOMMU_NONE, 1);
	fake_boot_units(5, 2);
	fake.cpus[4].cpu.present = false;
	EXPECT(take(), -ENODEV, CPUS_OUTSIDE, 5);
	fake_boot_units(5, 2);
	make(&plain);
	EXPECT(take(), -EBUSY, CELLS_EXIST, 1);
	fake_boot_units(5, 2);
	machine.system.memory_top = 1ull << 47;
	EXPECT(take(), -ENODEV, IOMMU_FEATURE, CELLHV_IOMMU_FEATURE_LEVELS);
	boot_taken();
	make(&plain);
	EXPECT(leave(), -EBUSY, CELLS_EXIST, 1);
}

/* Nobody may have what keeps devices apart, taken or not, nor the block for tables. */
TEST(registers_are_nobodys)
{
	for (unsigned taken = 0; taken < 2; taken++) {
		struct wanted wanted = plain;

		fake_boot_units(5, 1);
		if (taken)
			CHECK_EQ(take(), 0);
		wanted.memory[1].phys = FAKE_UNITS;
		EXPECT(create(&wanted), -EBUSY, MEMORY_OWNED, FAKE_UNITS);
		wanted.memory[1].phys = FAKE_TABLES + PAGE_SIZE;
		EXPECT(create(&wanted), -EBUSY, MEMORY_OWNED, FAKE_TABLES + PAGE_SIZE);
		CHECK_EQ(memory_root_reaches(FAKE_UNITS), !taken);
		CHECK(!memory_root_reaches(FAKE_TABLES));
	}
}

/* Whether that is what the root gets by writing it. */
static bool root_sets(unsigned offset, unsigned size, uint32_t value)
{
	uint32_t before = fake_get(FAKE_UNIT, offset, size);
	bool set;

	fake_root_write(FAKE_UNIT, offset, size, value);
	set = fake_get(FAKE_UNIT, offset, size) == value;
	CHECK(set || fake_get(FAKE_UNIT, offset, size) == before);
	fake_set(FAKE_UNIT, offset, size, before);
	return set;
}

/* Where its registers are, whether it masters the bus, and what comes after its message. */
static void unit_is_reached(bool reached)
{
	CHECK_EQ(root_sets(0x44, 4, 0x40200001), reached);
	CHECK_EQ(root_sets(0x45, 1, 0x77), reached);
	CHECK_EQ(root_sets(PCI_COMMAND, 2, 0x0004), reached);
	CHECK_EQ(root_sets(PCI_INTERRUPT_LINE, 1, 0x0b), reached);
	CHECK_EQ(root_sets(0x62, 2, 0x1234), reached);
	CHECK_EQ(root_sets(0xf0, 4, 0x89abcdef), reached);
}

TEST(functions_that_are_units)
{
	struct wanted wanted = with_nic, link = rich;
	uint32_t id;

	fake_boot_units(5, 3);
	unit_is_reached(true);
	CHECK_EQ(take(), 0);
	unit_is_reached(false);
	CHECK(strstr(fake.debug,
		     "root writes 40200001 to 44 of function 00:09.0, which is an IOMMU"));
	CHECK(root_sets(0x58, 4, 0xfee00000) && root_sets(0x60, 2, 0x41) &&
	      root_sets(0x56, 2, 0x81));
	wanted.functions[0] = FAKE_UNIT;
	EXPECT(create(&wanted), -EBUSY, FUNCTION_OWNED, 0);
	link.links[0].shared.root_function = FAKE_UNIT;
	EXPECT(create(&link), -EBUSY, LINK_FUNCTION, 0);

	/* All of config space is filtered, and is not any more. */
	id = run(&with_nic);
	unit_is_reached(false);
	end(id);
	unit_is_reached(false);
	CHECK_EQ(leave(), 0);
	unit_is_reached(true);

	fake.failing_change = fake.changes + 1;
	CHECK_EQ(take(), -ENOMEM);
	unit_is_reached(true);
	CHECK_EQ(take(), 0);
	CHECK_EQ(leave(), 0);
}

TEST(registers_are_accessed)
{
	struct iommu_access access = {.size = 4};
	struct iommu *unit;

	fake_boot_units(5, 2);
	CHECK(!iommu_at(FAKE_UNITS));
	CHECK_EQ(take(), 0);
	CHECK(!iommu_at(FAKE_UNITS + 2 * PAGE_SIZE));
	unit = iommu_at(FAKE_UNITS + PAGE_SIZE + 0x88);
	CHECK(unit && unit->index == 1);
	CHECK(iommu_access(cpus[0], unit, &access));
	CHECK_EQ(access.value, 1);
	fake.units[1].busy = true;
	CHECK(!iommu_access(cpus[0], unit, &access));
	CHECK(control_try_lock());
	fake.units[1].busy = false;
	CHECK(!iommu_access(cpus[0], unit, &access)); /* a management call is under way */
	control_unlock();
	CHECK_EQ(leave(), 0);
	CHECK(!iommu_access(cpus[0], unit, &access));
}

/* ---- Functions of a cell ---- */

static struct cell *with_domain(const struct wanted *wanted)
{
	struct cell *cell = cell_by_id(run(wanted));

	CHECK_EQ(iommu_make_domain(cell), 0);
	fake_check();
	return cell;
}

static void without_domain(struct cell *cell)
{
	uint32_t id = cell->id;

	iommu_free_domain(cell);
	end(id);
}

TEST(functions_reach_their_cell)
{
	struct cell *cell, *second;
	uint64_t phys;

	boot_taken();
	cell = with_domain(&rich);
	second = with_domain(&peer);
	CHECK(cell->dma.id != second->dma.id && cell->dma.id > 1 && second->dma.id > 1);
	answer = (struct cellhv_call){0};
	CHECK_EQ(iommu_attach(cpus[0], FUNCTION, cell, &answer), 0);
	EXPECT(answer.error = iommu_attach(cpus[0], FUNCTION, second, &answer), -EBUSY,
	       FUNCTION_OWNED, FUNCTION);
	CHECK(iommu_owner(FUNCTION) == cell && !iommu_owner(FUNCTION + 1));
	CHECK(fake_dma(FUNCTION, 0, &phys) && phys == 0x400000);
	CHECK(fake_dma(FUNCTION, 0x10001000, &phys) && phys == 0x701000); /* link */
	CHECK(!fake_dma(FUNCTION, 0x800000, &phys));			  /* registers */
	CHECK(!fake_dma(FUNCTION, 0xc03000, &phys));			  /* of the other cell */
	CHECK(fake_dma(FUNCTION + 1, 0x1000, &phys) && phys == 0x1000);
	CHECK(!fake.units[2].num_requesters); /* of another segment */
	CHECK_EQ(iommu_detach(cpus[0], FUNCTION, &answer), 0);
	CHECK_EQ(iommu_detach(cpus[0], FUNCTION, &answer), 0);
	CHECK(!iommu_owner(FUNCTION));
	CHECK(!fake_dma(FUNCTION, 0x400000, &phys));
	without_domain(second);
	without_domain(cell);
	CHECK_EQ(leave(), 0);
}

TEST(attach_fails)
{
	for (unsigned n = 1; n <= 4; n++) {
		struct cell *cell;

		boot_taken();
		cell = with_domain(&rich);
		answer = (struct cellhv_call){0};
		fake.failing_step = fake.unit_steps + n;
		EXPECT(answer.error = iommu_attach(cpus[0], FUNCTION, cell, &answer), -ETIMEDOUT,
		       IOMMU_SILENT,
		       n == 4	? 1
		       : n == 3 ? 0
				: n - 1);
		CHECK(!iommu_owner(FUNCTION));
		CHECK(!fake.units[0].num_requesters && !fake.units[1].num_requesters);
		fake_mend();
		without_domain(cell);
	}
}

TEST(messages_are_no_memory)
{
	struct wanted wanted = plain;
	struct cell *cell;
	uint64_t phys;

	wanted.memory[0].guest = FAKE_MESSAGES - 0x1000;
	wanted.entry = wanted.memory[0].guest;
	boot_taken();
	cell = cell_by_id(run(&wanted));
	CHECK_EQ(iommu_make_domain(cell), 0);
	answer = (struct cellhv_call){0};
	CHECK_EQ(iommu_attach(cpus[0], FUNCTION, cell, &answer), 0);
	CHECK(fake_dma(FUNCTION, FAKE_MESSAGES - 1, &phys) && phys == 0x400fff);
	CHECK(!fake_dma(FUNCTION, FAKE_MESSAGES, &phys));
	CHECK(!fake_dma(0xffff, FAKE_MESSAGES, &phys));
	CHECK(!fake_dma(0xffff, FAKE_MMCONFIG + 0x1000, &phys));
	CHECK(!fake_dma(0xffff, FAKE_UNITS, &phys));
	CHECK(fake_dma(0xffff, FAKE_REGISTERS, &phys));
}

TEST(domains_lack_pages)
{
	struct cell *cell;
	unsigned n = 0;

	boot_taken();
	cell = cell_by_id(run(&rich));
	do {
		uint32_t used = machine.tables.used;

		fake_leave_tables(n++);
		if (!iommu_make_domain(cell))
			break;
		CHECK(!cell->dma.tables.root);
		fake_return_pages();
		CHECK_EQ(machine.tables.used, used);
	} while (n < 100);
	CHECK(n > 3 && n < 100);
	fake_return_pages();
	without_domain(cell);
}

/* A fault of a cell's function fails it, once; one of the root's is told. */
TEST(faults)
{
	struct cell *cell;

	boot_taken();
	cell = with_domain(&rich);
	answer = (struct cellhv_call){0};
	CHECK_EQ(iommu_attach(cpus[0], FUNCTION, cell, &answer), 0);
	fake.fault = FUNCTION + 1;
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	CHECK(strstr(fake.debug, "Function 00:0b.1 of cell \"root\": write at 1234000 refused"));
	CHECK_EQ(state_of(cell->id), CELLHV_STATE_RUNNING);
	fake.fault = FUNCTION;
	CHECK_EQ(op(CELLHV_OP_POLL), 0);
	CHECK_EQ(state_of(cell->id), CELLHV_STATE_FAILED);
	CHECK_EQ(answer.status.failure.reason, CELLHV_FAILURE_DMA);
	CHECK_EQ(answer.status.failure.address, 0x1234000);
	CHECK_EQ(answer.status.failure.detail, FUNCTION | CELLHV_FAILURE_DMA_WRITE);
}

/* What `count` faults, one in each poll, leave in the log. */
static unsigned lines_of_faults(unsigned count)
{
	unsigned lines = 0;

	fake.debug[0] = fake.debug_length = 0;
	for (unsigned i = 0; i < count; i++) {
		fake.fault = FUNCTION + 2;
		CHECK_EQ(op(CELLHV_OP_POLL), 0);
	}
	for (const char *at = fake.debug; (at = strstr(at, "refused")); at++)
		lines++;
	return lines;
}

TEST(faults_have_eight_lines_a_second)
{
	boot_taken();
	for (unsigned i = 0; i < 2; i++) {
		fake.now += 1001ull * machine.ticks_per_ms;
		CHECK_EQ(lines_of_faults(5), 5);
		CHECK_EQ(lines_of_faults(20), 3);
		CHECK_EQ(lines_of_faults(20), 0);
	}
}

TEST(interrupts_of_cells)
{
	const struct iommu_interrupt wanted = {.requester = FUNCTION, .vector = 0x31};
	uint32_t one, four, data;
	uint64_t address;

	boot_taken();
	CHECK_EQ(iommu_allocate_interrupts(1, &one), 0);
	CHECK_EQ(iommu_allocate_interrupts(4, &four), 0);
	CHECK(one == 0 && four == 4);
	CHECK_EQ(iommu_set_interrupt(cpus[0], four + 1, &wanted, &address, &data), 0);
	CHECK_EQ(data, 5);
	CHECK_EQ(address, FAKE_MESSAGES + 20);
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(fake.units[i].interrupts[5].vector, 0x31);
	CHECK_EQ(fake.units[2].interrupts[5].vector, 0);
	lock_acquire(&iommu_at(FAKE_UNITS + PAGE_SIZE)->lock);
	CHECK_EQ(iommu_set_interrupt(cpus[0], four, &wanted, &address, &data), -EAGAIN);
	lock_release(&iommu_at(FAKE_UNITS + PAGE_SIZE)->lock);
	iommu_free_interrupts(cpus[0], four, 4);
	CHECK_EQ(fake.units[1].interrupts[5].vector, 0);
	CHECK_EQ(iommu_allocate_interrupts(IOMMU_INTERRUPTS, &four), -ENOSPC);
	iommu_free_interrupts(cpus[0], one, 1);
	CHECK_EQ(iommu_allocate_interrupts(IOMMU_INTERRUPTS, &four), 0);
}
