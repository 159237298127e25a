/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VT-d driver: whom messages reach, and what it tells of faults. */
#include "vtd_model.h"

#define ENTRY(destination, low) ((uint64_t)(destination) << 32 | (low))

/* CPUs 0 to 2 are the root's, 3 the cell's, which has 00:05.0. */
TEST(entries_are_narrowed)
{
	static const struct {
		uint64_t low, high, wanted;
		bool xapic;
	} cases[] = {
		{ENTRY(1, 0x31000d), 0x40010, ENTRY(1, 0x31000d), false},
		{ENTRY(0xf, 0x31000d), 0x40010, ENTRY(7, 0x31000d), false},
		{ENTRY(8, 0x31000d), 0x40010, 0, false},       /* the cell's CPU */
		{ENTRY(0x10001, 0x31000d), 0x40010, 0, false}, /* another cluster */
		{ENTRY(2, 0x310001), 0x40010, ENTRY(2, 0x310001), false},
		{ENTRY(3, 0x310001), 0x40010, 0, false},
		{ENTRY(0xffffffff, 0x310001), 0x40010, 0, false},
		{ENTRY(1, 0x31002d), 0x40010, ENTRY(1, 0x31002d), false}, /* lowest priority */
		{ENTRY(1, 0x31004d), 0x40010, 0, false},		  /* SMI */
		{ENTRY(1, 0x31008d), 0x40010, 0, false},		  /* NMI */
		{ENTRY(1, 0x3100ad), 0x40010, 0, false},		  /* INIT */
		{ENTRY(1, 0x3100ed), 0x40010, 0, false},		  /* ExtINT */
		{ENTRY(1, 0x31001d), 0x40010, ENTRY(1, 0x31001d), false}, /* level */
		{ENTRY(1, 0x31800d), 0x40010, 0, false},		  /* posted */
		{ENTRY(1, 0x0f000d), 0x40010, 0, false},		  /* an exception */
		{ENTRY(1, 0x31000c), 0x40010, 0, false},		  /* not present */
		{ENTRY(1, 0x31000d), 0x00010, 0, false},		  /* not verified */
		{ENTRY(1, 0x31000d), 0xc0010, 0, false},		  /* reserved */
		{ENTRY(1, 0x31000d), 0x40028, 0, false}, /* of the cell's function */
		{ENTRY(1, 0x31000d), 0x70029, 0, false}, /* ... functions ignored */
		{ENTRY(1, 0x31000d), 0x40029, ENTRY(1, 0x31000d), false},
		{ENTRY(1, 0x31000d), 0x80001, 0, false}, /* buses 0 to 1 */
		{ENTRY(1, 0x31000d), 0x80102, ENTRY(1, 0x31000d), false},
		{ENTRY(0x200, 0x310001), 0x40010, ENTRY(0x200, 0x310001), true},
		{ENTRY(0x300, 0x310001), 0x40010, 0, true},
		{ENTRY(0x600, 0x31000d), 0x40010, ENTRY(0x100, 0x310001), true},
		{ENTRY(0x800, 0x31000d), 0x40010, 0, true},
	};

	setup();
	foreign = 0x28;
	for (unsigned i = 0; i < 4; i++)
		arch_of[i].xapic_ldr = 1u << (24 + i);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t entry[2] = {cases[i].low, cases[i].high};

		vtd_interrupt_narrow(entry, !cases[i].xapic);
		CHECK_EQ(entry[0], cases[i].wanted);
		CHECK_EQ(entry[1], cases[i].wanted ? cases[i].high : 0);
	}
}

TEST(cpus_change_hands)
{
	take();
	CHECK(our_entry(17)[0]);
	cpu_of[2].cell = &cell;
	CHECK_EQ(vtd_ops.recheck_interrupts(self, &unit), 0);
	CHECK_EQ(our_entry(17)[0], 0);
	CHECK(our_entry(0)[0]);
	CHECK_EQ(interrupts_flushed, 1);
	cpu_of[2].cell = &root_cell;
	CHECK_EQ(vtd_ops.recheck_interrupts(self, &unit), 0);
	CHECK_EQ(our_entry(17)[0], linux_entry(17)[0]);
}

/* Linux cannot name them, whatever size it says its table has. */
TEST(entries_of_cells)
{
	const struct iommu_interrupt wanted = {
		.requester = 0x28, .vector = 0x2d, .destination = 3, .level = true};
	struct iommu_interrupt masked = wanted;
	uint64_t address, entry;
	uint32_t data;
	bool x2apic;

	take();
	CHECK_EQ(vtd_ops.set_interrupt(self, &unit, 5, &wanted), 0);
	CHECK_EQ(interrupts_flushed, 1);
	vtd_ops.message(&unit, 5, &address, &data);
	CHECK_EQ(address, 0xfee00014 | (65024u + 5 - 32768) << 5);
	CHECK_EQ(data, 0);
	CHECK_EQ(our_entry(65029)[0], ENTRY(3, 0x2d0011));
	CHECK_EQ(our_entry(65029)[1], 0x40028);
	CHECK(write_as_linux(VTD_IRTA, 4, 0x80f));
	submit(4, STATUS);
	CHECK_EQ(our_entry(65029)[0], ENTRY(3, 0x2d0011));
	masked.masked = true;
	CHECK_EQ(vtd_ops.set_interrupt(self, &unit, 5, &masked), 0);
	CHECK_EQ(our_entry(65029)[0] & 1, 0);
	CHECK_EQ(vtd_ops.set_interrupt(self, &unit, 5, NULL), 0);
	CHECK(!vtd_entry(&unit, 65024, &entry, &x2apic));
}

/* Cells' entries have the same form: what Linux writes later changes neither. */
TEST(the_form_of_destinations_stays)
{
	take();
	linux_entry(17)[0] = ENTRY(3, 0x310001); /* as x2APIC the cell's CPU, as xAPIC CPU 0 */
	CHECK(write_as_linux(VTD_IRTA, 4, read_as_linux(VTD_IRTA, 4) & ~0x800ull));
	submit(4, STATUS);
	CHECK_EQ(our_entry(17)[0], 0);
	linux_entry(17)[0] = ENTRY(1, 0x310001);
	submit(4, STATUS);
	CHECK_EQ(our_entry(17)[0], ENTRY(1, 0x310001));
}

TEST(a_table_of_others_is_empty)
{
	take();
	CHECK(write_as_linux(VTD_IRTA, 8, CELL | 0x80b));
	submit(4, STATUS);
	CHECK_EQ(our_entry(0)[0], 0);
	CHECK(!stopped());
}

/* Entries that are not verified would have to be dropped. */
TEST(remapping_that_cannot_be_carried)
{
	struct cellhv_call call = {0};

	setup();
	linux_entry(17)[1] = 0x10;
	CHECK_EQ(vtd_ops.take(self, &unit, &call), -EINVAL);
	CHECK_EQ(call.check, CELLHV_CHECK_IOMMU_FEATURE);
	CHECK_EQ(call.object, CELLHV_IOMMU_FEATURE_MODE);
	CHECK_EQ(registers[VTD_IRTA / 4], LINUX_IRT | 0x80b);
	CHECK(!(registers[VTD_GSTS / 4] & VTD_TE));
}

TEST(without_remapping_there_is_dma_alone)
{
	struct cellhv_call call = {0};

	setup();
	registers[VTD_GSTS / 4] = registers[VTD_IQA / 4] = registers[VTD_IRTA / 4] = 0;
	registers[VTD_IQH / 4] = registers[VTD_IQT / 4] = 0;
	CHECK_EQ(vtd_ops.take(self, &unit, &call), 0);
	CHECK(!unit.remaps);
	CHECK_EQ(vtd_ops.recheck_interrupts(self, &unit), 0);
	CHECK_EQ(vtd_ops.give_back(self, &unit, &call), 0);
	CHECK_EQ(registers[VTD_GSTS / 4], VTD_SRTP);
	CHECK_EQ(registers[VTD_IQA / 4], 0);
}

TEST(faults_are_told)
{
	take();
	registers[0x220 / 4] = 0x1234000;
	registers[0x228 / 4] = 0x0028;
	registers[0x22c / 4] = 1u << 31 | 5;
	registers[VTD_FSTS / 4] = 3;
	vtd_ops.poll(self, &unit);
	CHECK_EQ(faults, 1);
	CHECK_EQ(fault_address, 0x1234000);
	CHECK_EQ(fault_detail, 0x10028);
	CHECK_EQ(registers[0x22c / 4], 0);
	vtd_ops.poll(self, &unit);
	CHECK_EQ(faults, 1);
	registers[0x224 / 4] = 17u << 16;
	registers[0x220 / 4] = 0;
	registers[0x22c / 4] = 1u << 31 | 0x26;
	vtd_ops.poll(self, &unit);
	CHECK_EQ(fault_address, 17);
	CHECK_EQ(fault_detail, 0x20028);
}

/* However fast they come, a poll looks at each record once: others wait for the next, or are lost.
 */
TEST(a_storm_of_faults_costs_a_poll_each_record)
{
	const uint32_t fault = 1u << 31 | 1u << 30 | 5;

	setup();
	registers[VTD_CAP / 4 + 1] |= (RECORDS - 1) << 8;
	take_as_it_is();
	storm = fault;
	for (unsigned i = 0; i < RECORDS; i++) {
		registers[(0x228 + 16 * i) / 4] = 0x28 + i;
		registers[(0x22c + 16 * i) / 4] = fault;
	}
	for (unsigned polls = 1; polls < 100; polls++) {
		unsigned before = faults;

		registers[VTD_FSTS / 4] = 3;
		vtd_ops.poll(self, &unit);
		CHECK_EQ(faults - before, RECORDS);
		CHECK_EQ(fault_detail, 0x28 + RECORDS - 1);
	}
	storm = 0;
	vtd_ops.poll(self, &unit);
	vtd_ops.poll(self, &unit);
	for (unsigned i = 0; i < RECORDS; i++)
		CHECK_EQ(registers[(0x22c + 16 * i) / 4], 0);
}
