/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom interrupts reach behind an AMD-Vi unit. CPUs 0 and 1 are the root's, 2 is a cell's. */
#include "amdvi_model.h"
#include "arch/x86/iommu/iommu.h"
#include "check.h"
#include "core/errno.h"

#define FEATURES 0x29d7ull
#define WIDE (1ull << 17)
#define X2APIC (1ull << 50)
#define IRT(phys) ((phys) | 1 | 9 << 1 | 2ull << 60)
#define FORGET_INTERRUPTS(requester) (5ull << 60 | (requester)), 0
#define TO(destination, vector) ((destination) << 8 | (vector))

static const struct amdvi_interrupt_mode x2apic = {true, true}, xapic = {true, false},
					 narrow = {false, false};

static struct amdvi_interrupt wide(uint64_t low, uint32_t destination, uint8_t vector)
{
	return (struct amdvi_interrupt){low | (uint64_t)(destination & 0xffffff) << 8,
					(uint64_t)(destination >> 24) << 56 | vector};
}

static bool is_empty(struct amdvi_interrupt_mode mode, struct amdvi_interrupt theirs)
{
	struct amdvi_interrupt entry = amdvi_narrow(mode, theirs);

	return !entry.low && !entry.high;
}

static void check(struct amdvi_interrupt_mode mode, struct amdvi_interrupt theirs,
		  struct amdvi_interrupt ours)
{
	struct amdvi_interrupt entry = amdvi_narrow(mode, theirs);

	CHECK_EQ(entry.low, ours.low);
	CHECK_EQ(entry.high, ours.high);
}

TEST(entries_reach_one_cpu_of_the_roots)
{
	machine_begin(FEATURES);
	check(x2apic, wide(1, 0x21, 0x55), wide(1, 0x21, 0x55));
	check(x2apic, wide(5, 0x21, 0x55), wide(1, 0x21, 0x55)); /* lowest priority */
	check(x2apic, wide(0x23, 0x21, 0x55),
	      wide(1, 0x21, 0x55)); /* end of interrupt, no faults */
	check(x2apic, wide(0x41, 0x20003, 0x55), wide(1, 0x20, 0x55)); /* logical: cluster 2 */
	check(x2apic, wide(0x41, 0x20006, 0x55), wide(1, 0x21, 0x55));
	check(xapic, wide(1, 0x20, 0x55), wide(1, 0x20, 0x55));
	cpus[1]->arch->apic_id = 0x83000021;
	check(x2apic, wide(1, 0x83000021, 0x55), wide(1, 0x83000021, 0x55));
	CHECK(is_empty(x2apic, wide(1, 0x21, 0x55)));
	cpus[1]->arch->apic_id = 0x21;
	check(xapic, wide(0x41, 0x6, 0x55), wide(1, 0x21, 0x55)); /* logical: flat */
	check(narrow, (struct amdvi_interrupt){0x552041, 0}, (struct amdvi_interrupt){0, 0});
	check(narrow, (struct amdvi_interrupt){0x550241, 0}, (struct amdvi_interrupt){0x552101, 0});
	check(narrow, (struct amdvi_interrupt){0x552101, 0}, (struct amdvi_interrupt){0x552101, 0});
}

TEST(other_entries_are_empty)
{
	machine_begin(FEATURES);
	CHECK(is_empty(x2apic, wide(0, 0x21, 0x55)));
	CHECK(is_empty(x2apic, wide(1, 0x22, 0x55)));	    /* a cell's CPU */
	CHECK(is_empty(x2apic, wide(1, 0x1000021, 0x55)));  /* nobody's */
	CHECK(is_empty(x2apic, wide(1, UINT32_MAX, 0x55))); /* everybody's */
	CHECK(is_empty(x2apic, wide(0x41, 0x20004, 0x55))); /* logical: the cell's alone */
	CHECK(is_empty(x2apic, wide(0x41, 0x30003, 0x55))); /* another cluster */
	CHECK(is_empty(x2apic, wide(0x81, 0x21, 0x55)));    /* a guest's */
	CHECK(is_empty(xapic, wide(1, 0xff, 0x55)));
	CHECK(is_empty(xapic, wide(0x41, 0x4, 0x55)));
	for (unsigned type = 2; type < 8; type++) /* SMI, NMI, INIT, what the 8259 says */
		CHECK(is_empty(x2apic, wide(1 | type << 2, 0x21, 0x55)));
}

static struct amdvi_interrupt *linux_interrupt(unsigned table, uint32_t index)
{
	return (void *)ram_word(LINUX_INTERRUPTS + table * 0x2000ull + index * 16ull);
}

/* Requesters 8 and 0x10 have tables, 0x18 has the one of 0x10. */
static void begin(void)
{
	machine_begin(FEATURES);
	linux_uses_unit(WIDE | X2APIC);
	for (uint32_t i = 0; i < 256; i++)
		linux_entry((uint16_t)i)->word[2] = 1;
	linux_entry(8)->word[2] = IRT(LINUX_INTERRUPTS);
	linux_entry(0x10)->word[2] = IRT(LINUX_INTERRUPTS + 0x2000);
	linux_entry(0x18)->word[2] = IRT(LINUX_INTERRUPTS + 0x2000);
	linux_entry(0x20)->word[2] = 1 | 1ull << 60; /* unmapped */
	linux_entry(0x28)->word[2] = 0;		     /* the same */
	linux_entry(0x30)->word[2] = IRT(FOREIGN);
	linux_entry(0x38)->word[2] = IRT(LINUX_INTERRUPTS) | 15 << 1;
	*linux_interrupt(0, 3) = wide(1, 0x20, 0x33);
	*linux_interrupt(0, 511) = wide(1, 0x21, 0x34);
	*linux_interrupt(0, 5) = wide(1, 0x22, 0x35);
	*linux_interrupt(1, 3) = wide(1, 0x21, 0x43);
	CHECK_EQ(unit.ops->take(self, &unit, &call), 0);
	CHECK(unit.remaps);
}

TEST(tables_of_linux_are_copied)
{
	begin();
	CHECK_EQ(message(8, 3), TO(0x20, 0x33));
	CHECK_EQ(message(8, 511), TO(0x21, 0x34));
	CHECK_EQ(message(8, 5), NOWHERE);
	CHECK_EQ(message(8, 512), NOWHERE);
	CHECK_EQ(message(0x10, 3), TO(0x21, 0x43));
	CHECK_EQ(message(0x18, 3), TO(0x21, 0x43));
	CHECK_EQ(message(0, 3), NOWHERE);
	CHECK_EQ(message(0x20, 3), NOWHERE);
	CHECK_EQ(message(0x28, 3), NOWHERE);
	CHECK_EQ(message(0x30, 3), NOWHERE);
	CHECK_EQ(message(0x38, 3), NOWHERE);
	CHECK_EQ(message(0xffff, 3), NOWHERE);
	machine_end();
}

/* What a link's function sends, which is no device: as the unit would have it; PASSES: as it is. */
static uint64_t of_link(uint16_t requester, uint32_t data)
{
	struct iommu_interrupt interrupt;

	if (!amdvi_entry(requester, data, &interrupt))
		return PASSES;
	return interrupt.masked ? NOWHERE : TO((uint64_t)interrupt.destination, interrupt.vector);
}

TEST(messages_of_links_go_by_linuxs_tables)
{
	CHECK_EQ(of_link(8, 3), PASSES);
	begin();
	CHECK_EQ(of_link(8, 3), TO(0x20, 0x33));
	CHECK_EQ(of_link(8, 0xfffff803), TO(0x20, 0x33));
	CHECK_EQ(of_link(8, 511), TO(0x21, 0x34));
	CHECK_EQ(of_link(8, 4), NOWHERE);
	CHECK_EQ(of_link(8, 5), NOWHERE); /* a cell's CPU */
	for (uint32_t i = 512; i < 4096; i += 512)
		CHECK_EQ(of_link(8, i), i % 2048 ? NOWHERE : of_link(8, 0));
	CHECK_EQ(of_link(0x30, 3), NOWHERE); /* a table that is not Linux's */
	/* What no function that is one could send, which Linux has no table for. */
	CHECK_EQ(of_link(0, 3), PASSES);
	CHECK_EQ(of_link(0x28, 3), PASSES);
	CHECK_EQ(of_link(0xffff, 3), PASSES);
	*linux_interrupt(0, 3) = wide(1, 0x21, 0x66);
	linux_asks(FORGET_INTERRUPTS(8));
	CHECK_EQ(of_link(8, 3), TO(0x21, 0x66));
	linux_entry(0x50)->word[2] = IRT(LINUX_INTERRUPTS);
	linux_asks(2ull << 60 | 0x50, 0);
	CHECK_EQ(of_link(0x50, 511), TO(0x21, 0x34));
	machine_end();
	CHECK_EQ(of_link(8, 3), PASSES);
}

/* Linux turns its unit off: that is no way around its table. */
TEST(without_a_table_of_linux_nothing_passes)
{
	begin();
	CHECK(linux_writes(AMDVI_CONTROL, 8, 0));
	CHECK_EQ(message(8, 3), NOWHERE);
	CHECK_EQ(message(0x77, 3), NOWHERE);
	machine_end();
}

TEST(changes_are_copied_when_linux_says_so)
{
	begin();
	CHECK_EQ(message(8, 3), TO(0x20, 0x33));
	CHECK_EQ(message(0x18, 3), TO(0x21, 0x43));
	*linux_interrupt(0, 3) = wide(1, 0x21, 0x66);
	CHECK_EQ(message(8, 3), TO(0x20, 0x33));
	linux_asks(FORGET_INTERRUPTS(8));
	CHECK_EQ(message(8, 3), TO(0x21, 0x66));
	*linux_interrupt(0, 3) = wide(1, 0x22, 0x66);
	linux_asks(FORGET_INTERRUPTS(8));
	CHECK_EQ(message(8, 3), NOWHERE);
	/* Those that share the table see it, too. */
	*linux_interrupt(1, 3) = wide(1, 0x20, 0x77);
	linux_asks(FORGET_INTERRUPTS(0x10));
	CHECK_EQ(message(0x10, 3), TO(0x20, 0x77));
	CHECK_EQ(message(0x18, 3), TO(0x20, 0x77));
	/* A function gets its first vectors. */
	linux_entry(0x40)->word[2] = IRT(LINUX_INTERRUPTS);
	linux_asks(2ull << 60 | 0x40, 0);
	CHECK_EQ(message(0x40, 511), TO(0x21, 0x34));
	/* All at once. */
	*linux_interrupt(0, 3) = wide(1, 0x20, 0x11);
	linux_asks(8ull << 60, 0);
	CHECK_EQ(message(8, 3), TO(0x20, 0x11));
	machine_end();
}

TEST(cpus_change_hands)
{
	begin();
	CHECK_EQ(message(0x10, 3), TO(0x21, 0x43));
	cpus[1]->cell = cpus[2]->cell;
	CHECK_EQ(unit.ops->recheck_interrupts(self, &unit), 0);
	CHECK_EQ(message(0x10, 3), NOWHERE);
	CHECK_EQ(message(8, 3), TO(0x20, 0x33));
	cpus[1]->cell = &root_cell;
	CHECK_EQ(unit.ops->recheck_interrupts(self, &unit), 0);
	CHECK_EQ(message(0x10, 3), TO(0x21, 0x43));
	machine_end();
}

TEST(a_cells_interrupts_are_its_own)
{
	struct iommu_domain domain;
	struct iommu_interrupt interrupt = {.requester = 8, .vector = 0x2d, .destination = 0x22};
	uint64_t address;
	uint32_t data;

	begin();
	CHECK_EQ(unit.ops->set_interrupt(self, &unit, 7, &interrupt), -ENODEV);
	domain = make_domain(2, 0x80000);
	CHECK_EQ(unit.ops->attach(self, &unit, 8, &domain), 0);
	CHECK_EQ(message(8, 3), NOWHERE);
	CHECK_EQ(unit.ops->set_interrupt(self, &unit, 300, &interrupt), 0);
	unit.ops->message(&unit, 300, &address, &data);
	CHECK_EQ(address, 0xfee00000);
	CHECK_EQ(data, 300);
	CHECK_EQ(message(8, data), TO(0x22, 0x2d));
	/* Others do not have it, and Linux does not change it. */
	CHECK_EQ(message(0x10, 300), NOWHERE);
	*linux_interrupt(0, 300) = wide(1, 0x20, 0x11);
	linux_asks(FORGET_INTERRUPTS(8));
	linux_asks(2ull << 60 | 8, 0);
	linux_asks(8ull << 60, 0);
	CHECK_EQ(unit.ops->recheck_interrupts(self, &unit), 0);
	CHECK_EQ(message(8, 300), TO(0x22, 0x2d));
	/* Elsewhere, masked, gone. */
	interrupt.vector = 0x3d;
	interrupt.destination = 0x3000022;
	CHECK_EQ(unit.ops->set_interrupt(self, &unit, 300, &interrupt), 0);
	CHECK_EQ(message(8, 300), 0x3ull << 32 | TO(0x22, 0x3d));
	interrupt.masked = true;
	CHECK_EQ(unit.ops->set_interrupt(self, &unit, 300, &interrupt), 0);
	CHECK_EQ(message(8, 300), NOWHERE);
	interrupt.masked = false;
	CHECK_EQ(unit.ops->set_interrupt(self, &unit, 300, &interrupt), 0);
	CHECK_EQ(unit.ops->set_interrupt(self, &unit, 300, NULL), 0);
	CHECK_EQ(message(8, 300), NOWHERE);
	CHECK_EQ(unit.ops->set_interrupt(self, &unit, 512, &interrupt), -EINVAL);
	CHECK_EQ(unit.ops->attach(self, &unit, 8, &iommu_root_domain), 0);
	CHECK_EQ(message(8, 3), TO(0x20, 0x33));
	end_domain(&domain);
	machine_end();
}

TEST(entries_of_32_bits)
{
	machine_begin(FEATURES);
	linux_uses_unit(0);
	linux_entry(8)->word[2] = IRT(LINUX_INTERRUPTS);
	((uint32_t *)linux_interrupt(0, 0))[3] = 0x332001;
	((uint32_t *)linux_interrupt(0, 0))[511] = 0x342101;
	CHECK_EQ(unit.ops->take(self, &unit, &call), 0);
	CHECK_EQ(message(8, 3), TO(0x20, 0x33));
	CHECK_EQ(message(8, 511), TO(0x21, 0x34));
	CHECK_EQ(message(8, 4), NOWHERE);
	CHECK_EQ(of_link(8, 511), TO(0x21, 0x34));
	CHECK_EQ(of_link(8, 4), NOWHERE);
	machine_end();
}

/* Linux invents tables until there is no more memory: those that come then have none. */
TEST(memory_for_tables_ends)
{
	begin();
	for (uint16_t i = 0x41; i < 256; i++) {
		linux_entry(i)->word[2] = 1 | 11 << 1 | 2ull << 60 | i * 0x1000ull;
		linux_asks(2ull << 60 | i, 0);
	}
	CHECK_EQ(pool_available(&machine.tables) < 8, 1);
	CHECK_EQ(message(0xff, 0), NOWHERE);
	CHECK_EQ(message(8, 3), TO(0x20, 0x33));
	machine_end();
}

/* Linux gives a function one table after another. */
TEST(tables_that_linux_has_left_go)
{
	uint32_t used = 0;

	begin();
	for (unsigned i = 0; i < 2000; i++) {
		unsigned table = i % 20;

		*linux_interrupt(table, 3) = wide(1, 0x20, (uint8_t)(0x30 + table));
		linux_entry(8)->word[2] = IRT(LINUX_INTERRUPTS + table * 0x2000ull);
		linux_asks(2ull << 60 | 8, 0);
		linux_asks(FORGET_INTERRUPTS(8));
		CHECK_EQ(message(8, 3), TO(0x20, 0x30 + table));
		if (i == 100)
			used = machine.tables.used;
		/* The same table again is a copy made anew. */
		CHECK(i < 100 || machine.tables.used == used);
	}
	for (unsigned i = 0; i < 2000; i++) {
		linux_entry(8)->word[2] = 1 | 8 << 1 | 2ull << 60 | (0x1000ull * i + 0x10000000);
		linux_asks(2ull << 60 | 8, 0);
	}
	*linux_interrupt(25, 3) = wide(1, 0x20, 0x33);
	linux_entry(8)->word[2] = IRT(LINUX_INTERRUPTS + 25 * 0x2000);
	linux_asks(2ull << 60 | 8, 0);
	CHECK_EQ(message(8, 3), TO(0x20, 0x33));
	CHECK_EQ(message(0x18, 3), TO(0x20, 0x31));
	CHECK_EQ(unit.ops->recheck_interrupts(self, &unit), 0);
	CHECK(machine.tables.used < used);
	machine_end();
}

/* Pages are counted: after each of many enables none is left, and each takes as many. */
TEST(enables_take_the_same_each_time)
{
	uint32_t used = 0;

	begin();
	for (unsigned i = 0; i < 20; i++) {
		struct iommu_domain domain = make_domain(2, 0x80000);

		CHECK_EQ(unit.ops->attach(self, &unit, 8, &domain), 0);
		CHECK_EQ(unit.ops->attach(self, &unit, 8, &iommu_root_domain), 0);
		linux_asks(FORGET_INTERRUPTS(8));
		end_domain(&domain);
		CHECK(!i || machine.tables.used == used);
		used = machine.tables.used;
		machine_end();
		CHECK_EQ(unit.ops->take(self, &unit, &call), 0);
	}
	machine_end();
}

static void take_two(void)
{
	machine_begin(FEATURES);
	linux_uses_unit(WIDE | X2APIC);
	linux_entry(8)->word[2] = IRT(LINUX_INTERRUPTS);
	at = 1;
	linux_uses_unit(WIDE | X2APIC);
	at = 0;
	CHECK_EQ(unit.ops->take(self, &unit, &call), 0);
	CHECK_EQ(second.ops->take(self, &second, &call), 0);
	CHECK(unit.remaps && second.remaps);
}

/* A cell's table is free when every unit has forgotten it, not when the first one has. */
TEST(two_units_forget)
{
	struct iommu_interrupt interrupt = {.requester = 8, .vector = 0x2d, .destination = 0x22};
	struct iommu_domain domain;
	uint32_t used;

	take_two();
	used = machine.tables.used;
	domain = make_domain(2, 0x80000);
	CHECK_EQ(unit.ops->attach(self, &unit, 8, &domain), 0);
	CHECK_EQ(second.ops->attach(self, &second, 8, &domain), 0);
	CHECK_EQ(unit.ops->set_interrupt(self, &unit, 7, &interrupt), 0);
	CHECK_EQ(second.ops->set_interrupt(self, &second, 7, &interrupt), 0);
	at = 1;
	CHECK_EQ(message(8, 7), TO(0x22, 0x2d));
	CHECK_EQ(unit.ops->attach(self, &unit, 8, &iommu_root_domain), 0);
	while (pool_alloc(&machine.tables, 1))
		;
	CHECK_EQ(message(8, 7), TO(0x22, 0x2d));
	CHECK_EQ(second.ops->attach(self, &second, 8, &iommu_root_domain), 0);
	CHECK_EQ(message(8, 7), NOWHERE);
	CHECK_EQ(pool_available(&machine.tables), 2);
	CHECK(used < machine.tables.used);
}

/* They have one device table: Linux is to use both in the same way. */
TEST(units_that_linux_uses_in_two_ways)
{
	static const struct {
		uint32_t offset;
		uint64_t value;
	} other[] = {{AMDVI_CONTROL, 0},
		     {AMDVI_CONTROL, 0x1005 | WIDE},
		     {AMDVI_CONTROL, 0x1005 | X2APIC},
		     {AMDVI_DEVICES, LINUX_DEVICES},
		     {AMDVI_DEVICES, (LINUX_DEVICES + 0x2000) | 1}};

	for (unsigned i = 0; i < 5; i++) {
		machine_begin(FEATURES);
		linux_uses_unit(WIDE | X2APIC);
		at = 1;
		linux_uses_unit(WIDE | X2APIC);
		set_unit_register(other[i].offset, other[i].value);
		at = 0;
		CHECK_EQ(unit.ops->take(self, &unit, &call), 0);
		CHECK_EQ(second.ops->take(self, &second, &call), -ENODEV);
		CHECK_EQ(call.check, CELLHV_CHECK_IOMMU_FEATURE);
		CHECK_EQ(call.object, 1ull << 32 | CELLHV_IOMMU_FEATURE_MODE);
		CHECK(!second.state);
		machine_end();
	}
	take_two();
	CHECK_EQ(second.ops->give_back(self, &second, &call), 0);
	machine_end();
}
