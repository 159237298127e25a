/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What devices reach behind an AMD-Vi unit: when it is taken, while Linux uses it, for cells. */
#include "amdvi_model.h"
#include "check.h"
#include "core/errno.h"

#define FEATURES 0x29d7ull /* QEMU's, all of which real units have */
#define OLD_FEATURES 0x1ull
#define BOTH (AMDVI_DEVICE_READ | AMDVI_DEVICE_WRITE)

static int take(void)
{
	int err = unit.ops->probe(self, &unit, &call);

	return err ? err : unit.ops->take(self, &unit, &call);
}

/* Mode 0: untranslated. */
static void linux_passes(uint16_t requester)
{
	*linux_entry(requester) = (struct amdvi_device){{3 | BOTH, 7}};
}

/* One page, by tables of two levels at LINUX_PAGES. */
static void linux_maps(uint16_t requester, uint16_t domain, uint64_t address, uint64_t phys)
{
	ram_word(LINUX_PAGES)[address >> 21 & 511] = (LINUX_PAGES + 0x1000) | 1 | 1 << 9 | BOTH;
	ram_word(LINUX_PAGES + 0x1000)[address >> 12 & 511] = phys | 1 | BOTH;
	*linux_entry(requester) = (struct amdvi_device){{3 | 2 << 9 | LINUX_PAGES | BOTH, domain}};
}

TEST(an_unused_unit_confines_all)
{
	machine_begin(FEATURES);
	CHECK_EQ(take(), 0);
	CHECK(!unit.remaps);
	CHECK(!unit.by_linux);
	CHECK_EQ(dma(0, 0x1234, true), 0x1234);
	CHECK_EQ(dma(0xffff, 0xff001234, false), 0xff001234);
	CHECK_EQ(dma(0x20, BLOCK_PHYS, true), NOWHERE);
	CHECK_EQ(dma(0x20, BLOCK_PHYS + CELLHV_MEMORY_SIZE - 1, false), NOWHERE);
	CHECK_EQ(dma(0x20, BLOCK_PHYS + CELLHV_MEMORY_SIZE, false),
		 BLOCK_PHYS + CELLHV_MEMORY_SIZE);
	CHECK_EQ(message(0x20, 0x31), PASSES);
	/* Linux sees a unit that is off. */
	CHECK_EQ(linux_reads(AMDVI_CONTROL, 8), 0);
	CHECK_EQ(linux_reads(AMDVI_DEVICES, 8), 0);
	CHECK_EQ(linux_reads(AMDVI_STATUS, 4), 0);
	CHECK_EQ(linux_reads(AMDVI_FEATURES, 8), FEATURES);
	machine_end();
	CHECK_EQ(unit_register(AMDVI_CONTROL), 0);
	CHECK_EQ(dma(0x20, BLOCK_PHYS, true), BLOCK_PHYS);
}

TEST(a_used_unit_comes_back_as_it_was)
{
	static const uint32_t offsets[] = {AMDVI_DEVICES,    AMDVI_COMMANDS,	 AMDVI_EVENTS,
					   AMDVI_CONTROL,    AMDVI_EXCLUSION,	 0x28,
					   AMDVI_EVENT_TAIL, AMDVI_COMMAND_HEAD, AMDVI_COMMAND_TAIL,
					   AMDVI_EVENT_HEAD, AMDVI_STATUS};
	uint64_t before[sizeof(offsets) / sizeof(offsets[0])];

	machine_begin(FEATURES);
	linux_uses_unit(0x4000000020c01ull);
	set_unit_register(AMDVI_EXCLUSION, 0x5003);
	set_unit_register(AMDVI_EVENT_TAIL, 0x30);
	for (unsigned i = 0; i < 11; i++)
		before[i] = unit_register(offsets[i]);
	CHECK_EQ(take(), 0);
	for (unsigned i = 0; i < 11; i++)
		CHECK_EQ(linux_reads(offsets[i], 8), before[i]);
	CHECK_EQ(unit_register(AMDVI_EXCLUSION), 0);
	/* x2APIC, wide entries and coherence stay in force; what interrupts or writes does not. */
	CHECK_EQ(unit_register(AMDVI_CONTROL), 0x4000000021c05ull);
	machine_end();
	for (unsigned i = 0; i < 11; i++)
		CHECK_EQ(unit_register(offsets[i]), before[i]);
}

TEST(who_is_untranslated_is_confined_and_who_is_blocked_stays_so)
{
	machine_begin(FEATURES);
	linux_uses_unit(0);
	linux_passes(8);
	linux_entry(0x10)->word[0] = 3 | AMDVI_DEVICE_READ;
	linux_entry(0x18)->word[0] = 0;			/* not valid: it passes everything */
	linux_entry(0x20)->word[0] = 1 | BOTH;		/* its translation is not valid */
	linux_entry(0x28)->word[0] = 3 | 7 << 9 | BOTH; /* there is no such mode */
	CHECK_EQ(take(), 0);
	CHECK(!unit.by_linux);
	CHECK_EQ(dma(8, 0x1000, true), 0x1000);
	CHECK_EQ(dma(8, BLOCK_PHYS, true), NOWHERE);
	CHECK_EQ(dma(0x10, 0x1000, false), 0x1000);
	CHECK_EQ(dma(0x10, 0x1000, true), NOWHERE);
	CHECK_EQ(dma(0x18, 0x1000, true), 0x1000);
	CHECK_EQ(dma(0x18, BLOCK_PHYS, true), NOWHERE);
	CHECK_EQ(dma(0x20, 0x1000, false), NOWHERE);
	CHECK_EQ(dma(0x28, 0x1000, false), NOWHERE);
	CHECK_EQ(dma(0x30, 0x1000, false), NOWHERE);
	CHECK_EQ(dma(256, 0x1000, false), NOWHERE); /* Linux's table ends there */
	machine_end();
}

TEST(linux_changes_an_entry_and_says_so)
{
	machine_begin(FEATURES);
	linux_uses_unit(0);
	CHECK_EQ(take(), 0);
	CHECK_EQ(dma(8, 0x1000, false), NOWHERE);
	linux_passes(8);
	CHECK_EQ(dma(8, 0x1000, false), NOWHERE);
	linux_asks(2ull << 60 | 8, 0);
	CHECK_EQ(dma(8, 0x1000, false), 0x1000);
	CHECK_EQ(dma(8, BLOCK_PHYS, false), NOWHERE);
	linux_entry(8)->word[0] = 3;
	linux_asks(2ull << 60 | 8, 0);
	CHECK_EQ(dma(8, 0x1000, false), NOWHERE);
	/* All at once. */
	linux_passes(0x10);
	linux_asks(8ull << 60, 0);
	CHECK_EQ(dma(0x10, 0x1000, false), 0x1000);
	machine_end();
}

TEST(linux_translates_by_its_own_tables)
{
	machine_begin(FEATURES);
	linux_uses_unit(0);
	linux_maps(8, 1, 0x7000, 0x3000);
	linux_entry(8)->word[0] |= 1ull << 52 | 0x180; /* page requests, accessed and dirty bits */
	linux_entry(8)->word[1] |= 1ull << 32;	       /* ATS */
	CHECK_EQ(take(), 0);
	CHECK(unit.by_linux);
	CHECK_EQ(dma(8, 0x7123, true), 0x3123);
	CHECK_EQ(dma(8, 0x8000, true), NOWHERE);
	/* It maps another page, and unmaps the first one. */
	ram_word(LINUX_PAGES + 0x1000)[8] = 0x5000 | 1 | BOTH;
	ram_word(LINUX_PAGES + 0x1000)[7] = 0;
	CHECK_EQ(dma(8, 0x8000, true), 0x5000);
	CHECK_EQ(dma(8, 0x7123, true), 0x3123);
	linux_asks(3ull << 60 | 1ull << 32, 0x7ffffffffffff003ull);
	CHECK_EQ(dma(8, 0x7123, true), NOWHERE);
	/* The hypervisor's domains are not Linux's to name. */
	linux_maps(0x10, 0xfe02, 0x7000, 0x3000);
	linux_asks(2ull << 60 | 0x10, 0);
	CHECK_EQ(dma(0x10, 0x7000, false), NOWHERE);
	/* Nor are tables that are not in its memory. */
	linux_maps(0x18, 3, 0x7000, 0x3000);
	linux_entry(0x18)->word[0] = 3 | 2 << 9 | FOREIGN | BOTH;
	linux_asks(2ull << 60 | 0x18, 0);
	CHECK_EQ(dma(0x18, 0x7000, false), NOWHERE);
	machine_end();
}

TEST(what_cannot_be_carried_is_refused)
{
	machine_begin(FEATURES);
	linux_uses_unit(0);
	*linux_entry(8) = (struct amdvi_device){{3 | 1ull << 55 | BOTH, 1}};
	CHECK_EQ(take(), -ENODEV);
	CHECK_EQ(call.check, CELLHV_CHECK_IOMMU_FEATURE);
	CHECK_EQ(call.object, CELLHV_IOMMU_FEATURE_MODE);
	CHECK_EQ(unit_register(AMDVI_DEVICES), LINUX_DEVICES | 1);

	machine_begin(FEATURES | 0xc00);
	CHECK_EQ(take(), -ENODEV);
	CHECK_EQ(call.object, CELLHV_IOMMU_FEATURE_LEVELS);
	CHECK_EQ(unit_register(AMDVI_CONTROL), 0);
}

TEST(a_unit_that_does_nothing_is_given_up)
{
	machine_begin(FEATURES);
	linux_uses_unit(0);
	linux_passes(8);
	unit_is_silent = true;
	CHECK_EQ(take(), -ETIMEDOUT);
	CHECK_EQ(call.check, CELLHV_CHECK_IOMMU_SILENT);
	CHECK_EQ(unit_register(AMDVI_DEVICES), LINUX_DEVICES | 1);
	CHECK_EQ(unit_register(AMDVI_CONTROL), 0x1005);
	CHECK(!unit.state);

	/* Linux's last command is not done. */
	machine_begin(FEATURES);
	linux_uses_unit(0);
	unit_is_silent = true;
	set_unit_register(AMDVI_COMMAND_TAIL, 0x50);
	CHECK_EQ(take(), -ETIMEDOUT);
	CHECK_EQ(unit_register(AMDVI_COMMANDS), LINUX_COMMANDS_PHYS | 9ull << 56);

	machine_begin(FEATURES);
	linux_uses_unit(0);
	unit_is_locked = true;
	CHECK_EQ(take(), -ENODEV);
	CHECK_EQ(call.check, CELLHV_CHECK_IOMMU_LOCKED);
	CHECK_EQ(unit_register(AMDVI_CONTROL), 0x1005);
	CHECK_EQ(unit_register(AMDVI_COMMANDS), LINUX_COMMANDS_PHYS | 9ull << 56);
}

/* It has what is ours, and may use it until it says that it has forgotten. */
TEST(one_that_does_no_commands_keeps_its_tables)
{
	for (unsigned taken = 0; taken < 2; taken++) {
		uint64_t buffer;

		machine_begin(FEATURES);
		linux_uses_unit(0);
		linux_passes(8);
		unit_is_lazy = !taken;
		CHECK_EQ(take(), taken ? 0 : -ETIMEDOUT);
		CHECK(unit.state && machine.tables.used > 512);
		buffer = unit_register(AMDVI_COMMANDS);
		unit_is_lazy = true;
		CHECK_EQ(unit.ops->give_back(self, &unit, &call), -ETIMEDOUT);
		CHECK_EQ(call.check, CELLHV_CHECK_IOMMU_SILENT);
		CHECK(unit.state && machine.tables.used > 512);
		CHECK_EQ(unit_register(AMDVI_COMMANDS), buffer);
		unit_is_lazy = false;
		machine_end();
		CHECK(!unit.state);
		CHECK_EQ(unit_register(AMDVI_COMMANDS), LINUX_COMMANDS_PHYS | 9ull << 56);
		CHECK_EQ(dma(8, BLOCK_PHYS, true), BLOCK_PHYS);
	}
}

/* A cell gets a requester, and gives it back: with all that the unit has seen before. */
static void cell_has_it_for_a_while(uint64_t features)
{
	struct iommu_domain domain;

	machine_begin(features);
	linux_uses_unit(0);
	linux_passes(8);
	linux_passes(0x10);
	CHECK_EQ(take(), 0);
	CHECK_EQ(dma(8, 0x1000, true), 0x1000);
	CHECK_EQ(dma(0x10, 0x1000, true), 0x1000);

	domain = make_domain(2, 0x80000);
	CHECK_EQ(unit.ops->attach(self, &unit, 8, &domain), 0);
	CHECK_EQ(dma(8, 0x1000, true), 0x81000);
	CHECK_EQ(dma(8, 0x2000, true), NOWHERE);
	CHECK_EQ(dma(0x10, 0x1000, true), 0x1000);
	/* Linux has no say. */
	linux_asks(2ull << 60 | 8, 0);
	linux_asks(8ull << 60, 0);
	CHECK_EQ(dma(8, 0x1000, true), 0x81000);
	CHECK_EQ(unit.ops->attach(self, &unit, 8, NULL), 0);
	CHECK_EQ(dma(8, 0x1000, true), NOWHERE);
	linux_asks(2ull << 60 | 8, 0);
	CHECK_EQ(dma(8, 0x1000, true), NOWHERE);
	CHECK_EQ(unit.ops->attach(self, &unit, 8, &iommu_root_domain), 0);
	CHECK_EQ(dma(8, 0x1000, true), 0x1000);
	end_domain(&domain);
	machine_end();
}

TEST(a_cell_has_it_for_a_while)
{
	cell_has_it_for_a_while(FEATURES);
}

TEST(old_units_forget_one_by_one)
{
	cell_has_it_for_a_while(OLD_FEATURES);
}

TEST(a_flush_makes_the_unit_forget_a_domain)
{
	machine_begin(FEATURES);
	CHECK_EQ(take(), 0);
	CHECK_EQ(dma(8, 0x5000, true), 0x5000);
	CHECK(paging_unmap(&iommu_root_domain.tables, 0x5000, 0x1000) >= 0);
	CHECK_EQ(dma(8, 0x5000, true), 0x5000);
	CHECK_EQ(unit.ops->flush(self, &unit, &iommu_root_domain), 0);
	CHECK_EQ(dma(8, 0x5000, true), NOWHERE);
	unit_is_silent = true;
	CHECK_EQ(unit.ops->flush(self, &unit, &iommu_root_domain), -ETIMEDOUT);
	unit_is_silent = false;
	CHECK(paging_map(&iommu_root_domain.tables, 0x5000, 0x5000, 0x1000, 3) >= 0);
	machine_end();
}

/* By the audit. What Linux says once more of it changes nothing, before it says something else. */
TEST(blocked_until_linux_writes_the_entry_anew)
{
	struct iommu_tables tables = {0};

	machine_begin(FEATURES);
	linux_uses_unit(0);
	linux_maps(8, 7, 0x3000, 0x5000);
	CHECK_EQ(take(), 0);
	CHECK_EQ(dma(8, 0x3000, true), 0x5000);
	CHECK(!unit.ops->linux_tables(&unit, 9, &tables));
	CHECK(unit.ops->linux_tables(&unit, 8, &tables));
	CHECK(tables.root == LINUX_PAGES && tables.levels == 2 && tables.domain == 7);
	CHECK_EQ(unit.ops->block(self, &unit, 8, &tables), 0);
	CHECK_EQ(dma(8, 0x3000, true), NOWHERE);
	CHECK_EQ(dma(8, 0x5000, false), NOWHERE);
	CHECK(!unit.ops->linux_tables(&unit, 8, &tables));
	linux_asks(2ull << 60 | 8, 0);
	CHECK_EQ(dma(8, 0x3000, true), NOWHERE);
	linux_asks(8ull << 60, 0); /* all */
	CHECK_EQ(dma(8, 0x3000, true), NOWHERE);
	*linux_entry(8) = (struct amdvi_device){{3}};
	linux_asks(2ull << 60 | 8, 0);
	linux_maps(8, 7, 0x3000, 0x5000);
	linux_asks(2ull << 60 | 8, 0);
	CHECK_EQ(dma(8, 0x3000, true), 0x5000);
	/* A translation that Linux has taken back, and the unit has not forgotten. */
	ram_word(LINUX_PAGES + 0x1000)[3] = 0;
	CHECK_EQ(dma(8, 0x3000, true), 0x5000);
	CHECK_EQ(unit.ops->flush(self, &unit, &iommu_root_domain), 0);
	CHECK_EQ(dma(8, 0x3000, true), NOWHERE);
	machine_end();
}
