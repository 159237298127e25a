/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pins of I/O APICs: what guests and the root see and write, hostile or not; who has them when. */
#include "check.h"
#include "core/arch.h"
#include "core/errno.h"
#include "core/machine.h"
#include "ioapic_model.h"

#define ENTRY(pin) (0x10u + 2 * (pin))
#define LEVEL 0x8000u
#define LOW 0x2000u
#define REMOTE_IRR 0x4000u
#define LOGICAL 0x800u
#define PIN 7
#define OTHERS 9
#define VECTOR 0x31u

static struct cpu *const root = &cpu_of[0], *const guest = &cpu_of[2];

/* One cell with a pin. */
static void start(bool with_remapping)
{
	static const int pins[] = {PIN, -1};

	model_start(with_remapping);
	model_configure(&one, CHIP, pins);
	CHECK_EQ(model_create(&one), 0);
}

static void end(void)
{
	CHECK_EQ(model_destroy(&one), 0);
	CHECK(!ioapic_pins);
	CHECK_EQ(machine.pool.used, 0);
	CHECK(!chips_of_machine[0].hidden);
}

static void set(struct cpu *cpu, unsigned pin, uint64_t entry)
{
	model_write(cpu, ENTRY(pin) + 1, (uint32_t)(entry >> 32));
	model_write(cpu, ENTRY(pin), (uint32_t)entry);
}

static bool is_delivered(uint32_t id, uint32_t vector)
{
	uint32_t to = 0, as = 0;

	return model_delivers(PIN, &to, &as) && to == id && as == vector;
}

static bool is_delivered_at_all(unsigned pin)
{
	uint32_t id, vector;

	return model_delivers(pin, &id, &vector);
}

TEST(an_entry_interrupts_the_cell)
{
	for (int remapping = 0; remapping < 2; remapping++) {
		start(remapping);
		CHECK(!is_delivered_at_all(PIN));
		set(guest, PIN, TO(ONE_ID) | VECTOR);
		CHECK(is_delivered(ONE_ID, VECTOR));
		CHECK_EQ(model_read(guest, ENTRY(PIN)), VECTOR);
		CHECK_EQ(model_read(guest, ENTRY(PIN) + 1), TO(ONE_ID) >> 32);
		/* Trigger and polarity are the guest's. */
		set(guest, PIN, TO(ONE_ID) | VECTOR | LEVEL | LOW);
		CHECK(is_delivered(ONE_ID, VECTOR));
		CHECK_EQ(model_entry(PIN) & (LEVEL | LOW), LEVEL | LOW);
		set(guest, PIN, TO(ONE_ID) | VECTOR | MASKED);
		CHECK(!is_delivered_at_all(PIN));
		end();
	}
}

TEST(halves_come_in_any_order)
{
	for (int remapping = 0; remapping < 2; remapping++) {
		start(remapping);
		model_write(guest, ENTRY(PIN), VECTOR);
		CHECK(!is_delivered_at_all(PIN));
		model_write(guest, ENTRY(PIN) + 1, (uint32_t)(TO(ONE_ID) >> 32));
		CHECK(is_delivered(ONE_ID, VECTOR));
		model_write(guest, ENTRY(PIN), VECTOR + 1);
		CHECK(is_delivered(ONE_ID, VECTOR + 1));
		end();
	}
}

TEST(logical_and_broadcast_destinations_are_the_cells)
{
	start(false);
	cpu_of[2].arch->xapic_ldr = 0x04000000;
	set(guest, PIN, TO(0x0f) | LOGICAL | VECTOR);
	CHECK(is_delivered(ONE_ID, VECTOR));
	set(guest, PIN, TO(0x03) | LOGICAL | VECTOR);
	CHECK(!is_delivered_at_all(PIN));
	set(guest, PIN, TO(0xff) | VECTOR);
	CHECK(is_delivered(ONE_ID, VECTOR));
	/* Lowest priority is to one of them: fixed. */
	set(guest, PIN, TO(ONE_ID) | 0x100 | VECTOR);
	CHECK(is_delivered(ONE_ID, VECTOR));
	CHECK_EQ(model_entry(PIN) & 0x700, 0);
	cpu_of[2].arch->xapic_ldr = 0;
	end();
}

/* The model looks at each write. */
TEST(a_guest_reaches_nobody_elses_cpu_and_no_mode_that_stops_one)
{
	for (int remapping = 0; remapping < 2; remapping++) {
		start(remapping);
		for (uint64_t mode = 0; mode < 8; mode++)
			for (uint64_t id = 0; id < 0x100; id++) {
				set(guest, PIN, TO(id) | mode << 8 | VECTOR);
				CHECK_EQ(is_delivered_at_all(PIN),
					 mode <= 1 && (id == ONE_ID || id == 0xff));
			}
		for (uint32_t vector = 0; vector < 16; vector++) {
			set(guest, PIN, TO(ONE_ID) | vector);
			CHECK(!is_delivered_at_all(PIN));
		}
		/* What means another format to an IOMMU, and reserved bits, are nothing. */
		set(guest, PIN, TO(ONE_ID) | 0x00ffffffff000000ull | 0xfffe0000u | VECTOR);
		CHECK(is_delivered(ONE_ID, VECTOR));
		CHECK_EQ(model_read(guest, ENTRY(PIN)), VECTOR);
		end();
	}
}

TEST(foreign_pins_are_masked_and_stay_so)
{
	static const int pins[] = {OTHERS, -1};
	const uint64_t entry = TO(ROOT_ID) | 0x55;

	start(false);
	model_configure(&other, CHIP, pins);
	CHECK_EQ(model_create(&other), 0);
	chips_of_machine[0].entries[3] = entry;
	set(&cpu_of[3], OTHERS, TO(OTHER_ID) | VECTOR);
	for (unsigned pin = 0; pin < LINES; pin++) {
		uint64_t before = chips_of_machine[0].entries[pin];

		if (pin == PIN)
			continue;
		CHECK_EQ(model_read(guest, ENTRY(pin)), MASKED);
		CHECK_EQ(model_read(guest, ENTRY(pin) + 1), 0);
		set(guest, pin, TO(ONE_ID) | VECTOR);
		CHECK_EQ(chips_of_machine[0].entries[pin], before);
	}
	CHECK_EQ(model_destroy(&other), 0);
	CHECK(chips_of_machine[0].hidden);
	end();
}

TEST(what_is_beyond_is_nothing)
{
	unsigned before;
	uint64_t value;

	start(false);
	before = chips_of_machine[0].accesses;
	for (unsigned index = 0; index < 0x400; index++) {
		unsigned real = index & 0xff;

		if (real < 3 || (real >= ENTRY(0) && real < ENTRY(LINES)))
			continue;
		CHECK_EQ(model_read(guest, index), 0);
		model_write(guest, index, 0xdeadbeef);
	}
	/* Nor other sizes, places and addresses. */
	for (unsigned size = 1; size <= 8; size *= 2)
		for (uint64_t offset = 0; offset + size <= PAGE_SIZE; offset += size) {
			if (size == 4 && (!offset || offset == IOAPIC_DATA))
				continue;
			value = UINT64_MAX;
			CHECK_EQ(model_access(guest, 0, offset, size, true, &value), IOAPIC_DONE);
			CHECK_EQ(model_access(guest, 0, offset, size, false, &value), IOAPIC_DONE);
			CHECK_EQ(value, UINT64_MAX);
		}
	CHECK_EQ(chips_of_machine[0].accesses, before);
	/* A chip of which it has no pin it does not see at all. */
	CHECK_EQ(model_access(guest, 1, 0, 4, false, &value), IOAPIC_NONE);
	CHECK_EQ(model_access(&cpu_of[3], 0, 0, 4, false, &value), IOAPIC_NONE);
	end();
}

TEST(the_guest_sees_a_chip_with_all_its_lines)
{
	start(false);
	chips_of_machine[0].id = 0x02000000;
	CHECK_EQ(model_read(guest, IOAPIC_VERSION), 0x170020);
	CHECK_EQ(model_read(guest, IOAPIC_ID), 0);
	model_write(guest, IOAPIC_ID, 0xf5ffffff);
	CHECK_EQ(model_read(guest, IOAPIC_ID), 0x05000000);
	CHECK_EQ(model_read(guest, IOAPIC_ARBITRATION), 0x05000000);
	CHECK_EQ(chips_of_machine[0].id, 0x02000000);
	end();
}

TEST(remote_irr_reads_through_and_ends_by_the_register)
{
	uint64_t vector = VECTOR + 1;

	start(false);
	set(guest, PIN, TO(ONE_ID) | VECTOR | LEVEL);
	chips_of_machine[0].entries[PIN] |= REMOTE_IRR;
	CHECK_EQ(model_read(guest, ENTRY(PIN)), VECTOR | LEVEL | REMOTE_IRR);
	/* Of others' vectors it ends none. */
	CHECK_EQ(model_access(guest, 0, IOAPIC_EOI, 4, true, &vector), IOAPIC_DONE);
	CHECK_EQ(chips_of_machine[0].eois, 0);
	vector = VECTOR;
	CHECK_EQ(model_access(guest, 0, IOAPIC_EOI, 4, true, &vector), IOAPIC_DONE);
	CHECK_EQ(chips_of_machine[0].last_eoi, VECTOR);
	CHECK_EQ(model_read(guest, ENTRY(PIN)), VECTOR | LEVEL);
	end();
}

/* Also where the chip has no such register. */
TEST(what_is_pending_is_forgotten_at_the_end)
{
	for (uint32_t version = 0x11; version <= 0x20; version += 0x0f) {
		chip_version = 0x170000 | version;
		start(false);
		set(guest, PIN, TO(ONE_ID) | VECTOR | LEVEL);
		chips_of_machine[0].entries[PIN] |= REMOTE_IRR;
		one.failed = true;
		CHECK(ioapic_try_lock());
		pin_resource.fail(&one);
		CHECK(chips_of_machine[0].entries[PIN] != MASKED); /* nobody waits */
		ioapic_unlock();
		CHECK_EQ(chips_of_machine[0].entries[PIN], MASKED);
		CHECK_EQ(chips_of_machine[0].eois, version == 0x20);
		/* Its other CPUs go on for a while. */
		set(guest, PIN, TO(ONE_ID) | VECTOR);
		CHECK(!is_delivered_at_all(PIN));
		end();
	}
	chip_version = 0x170020;
}

TEST(the_next_start_begins_masked)
{
	for (int remapping = 0; remapping < 2; remapping++) {
		start(remapping);
		set(guest, PIN, TO(ONE_ID) | VECTOR);
		CHECK_EQ(pin_resource.stop(&one, &call), 0);
		CHECK(!is_delivered_at_all(PIN));
		pin_resource.start(&one);
		CHECK_EQ(model_read(guest, ENTRY(PIN)), MASKED);
		set(guest, PIN, TO(ONE_ID) | VECTOR);
		CHECK(is_delivered(ONE_ID, VECTOR));
		end();
	}
}

TEST(masking_and_another_cpu_cost_the_unit_only_what_changes)
{
	start(true);
	set(guest, PIN, TO(ONE_ID) | VECTOR);
	CHECK_EQ(unit.sets, 1);
	for (unsigned i = 0; i < 5; i++) {
		model_write(guest, ENTRY(PIN), VECTOR | MASKED);
		CHECK(!is_delivered_at_all(PIN));
		model_write(guest, ENTRY(PIN), VECTOR);
		CHECK(is_delivered(ONE_ID, VECTOR));
	}
	CHECK_EQ(unit.sets, 1);
	end();
	CHECK(!unit.present[0]);
}

TEST(a_busy_unit_is_asked_again)
{
	uint64_t value = VECTOR;

	start(true);
	model_write(guest, ENTRY(PIN) + 1, (uint32_t)(TO(ONE_ID) >> 32));
	unit.busy = true;
	model_read(guest, ENTRY(PIN));
	CHECK_EQ(model_access(guest, 0, IOAPIC_DATA, 4, true, &value), IOAPIC_RETRY);
	CHECK(!is_delivered_at_all(PIN));
	unit.busy = false;
	CHECK_EQ(model_access(guest, 0, IOAPIC_DATA, 4, true, &value), IOAPIC_DONE);
	CHECK(is_delivered(ONE_ID, VECTOR));
	end();
}

TEST(a_lock_that_is_held_makes_guests_try_again)
{
	uint64_t value = 0;

	start(false);
	CHECK(ioapic_try_lock());
	CHECK_EQ(model_access(guest, 0, IOAPIC_DATA, 4, false, &value), IOAPIC_RETRY);
	CHECK_EQ(model_access(root, 0, IOAPIC_DATA, 4, false, &value), IOAPIC_RETRY);
	/* Whoever has it is lost: the cell ends all the same. */
	end();
	ioapic_unlock();
}

/* ---- The root ---- */

TEST(the_root_sees_its_own_pins_and_a_masked_one)
{
	start(false);
	set(guest, PIN, TO(ONE_ID) | VECTOR);
	CHECK_EQ(model_read(root, ENTRY(PIN)), MASKED);
	CHECK_EQ(model_read(root, ENTRY(PIN) + 1), 0);
	set(root, PIN, TO(ROOT_ID) | 0x99);
	CHECK(is_delivered(ONE_ID, VECTOR));
	set(root, 4, TO(ROOT_ID + 1) | 0x44 | LEVEL);
	CHECK_EQ(model_entry(4), TO(ROOT_ID + 1) | 0x44 | LEVEL);
	CHECK_EQ(model_read(root, ENTRY(4)), 0x44 | LEVEL);
	model_write(root, IOAPIC_ID, 0x03000000);
	CHECK_EQ(model_read(root, IOAPIC_ID), 0x03000000);
	CHECK_EQ(model_read(root, IOAPIC_VERSION), chip_version);
	end();
}

TEST(the_roots_index_is_its_own)
{
	uint64_t value = ENTRY(4);

	start(false);
	chips_of_machine[0].entries[4] = TO(ROOT_ID) | 0x44;
	CHECK_EQ(model_access(root, 0, IOAPIC_INDEX, 4, true, &value), IOAPIC_DONE);
	set(guest, PIN, TO(ONE_ID) | VECTOR);
	CHECK_EQ(model_access(root, 0, IOAPIC_INDEX, 4, false, &value), IOAPIC_DONE);
	CHECK_EQ(value, ENTRY(4));
	CHECK_EQ(model_access(root, 0, IOAPIC_DATA, 4, false, &value), IOAPIC_DONE);
	CHECK_EQ(value, 0x44);
	/* Natively, it is what it would be: between two accesses the chip may be given back. */
	end();
	CHECK_EQ(chips_of_machine[0].index, ENTRY(4));
}

TEST(an_index_of_before_is_found)
{
	static const int pins[] = {PIN, -1};
	uint64_t value;

	model_start(false);
	chips_of_machine[0].index = ENTRY(5);
	chips_of_machine[0].entries[5] = TO(ROOT_ID) | 0x77;
	model_configure(&one, CHIP, pins);
	CHECK_EQ(model_create(&one), 0);
	CHECK_EQ(model_access(root, 0, IOAPIC_DATA, 4, false, &value), IOAPIC_DONE);
	CHECK_EQ(value, 0x77);
	end();
}

TEST(the_roots_entries_reach_no_cell)
{
	start(false);
	for (uint64_t mode = 0; mode < 8; mode++)
		for (uint64_t id = 0; id < 0x100; id++)
			set(root, 4, TO(id) | mode << 8 | 0x44);
	/* Upper half last, and what means another format elsewhere. */
	for (uint64_t id = 0; id < 0x100; id++)
		model_write(root, ENTRY(4) + 1, (uint32_t)(id << 24 | 1 << 16));
	/* Some of those meant are its own: the first of them. */
	set(root, 4, TO(0xff) | 0x44);
	CHECK_EQ(model_entry(4), TO(ROOT_ID) | 0x44);
	/* The old controllers' interrupts, to its own CPU. */
	set(root, 0, TO(ROOT_ID) | 0x700);
	CHECK_EQ(model_entry(0), TO(ROOT_ID) | 0x700);
	set(root, 0, TO(ROOT_ID) | 0x400);
	CHECK(chips_of_machine[0].entries[0] & MASKED);
	/* Masked, it may say whatever it likes. */
	set(root, 4, TO(ONE_ID) | 0x444 | MASKED);
	CHECK_EQ(model_entry(4), TO(ONE_ID) | 0x444 | MASKED);
	end();
}

TEST(the_roots_entries_are_checked_when_cpus_change_hands)
{
	start(false);
	cpu_of[3].cell = &root_cell;
	set(root, 4, TO(OTHER_ID) | 0x44);
	CHECK_EQ(model_entry(4), TO(OTHER_ID) | 0x44);
	cpu_of[3].cell = &other;
	arch_recheck_interrupts(root);
	CHECK(chips_of_machine[0].entries[4] & MASKED);
	end();
	cpu_of[3].cell = &other;
}

TEST(where_interrupts_are_remapped_the_root_uses_its_own_entries)
{
	const uint64_t own = 1ull << 48 | 5ull << 49,
		       cells = 1ull << 48 | 0x7e00ull << 49 | LOGICAL;

	start(true);
	set(guest, PIN, TO(ONE_ID) | VECTOR);
	set(root, 4, own | 0x44);
	CHECK_EQ(model_entry(4), own | 0x44);
	/* That of the guest's pin; the format of before. */
	set(root, 4, cells | 0x44);
	CHECK(chips_of_machine[0].entries[4] & MASKED);
	set(root, 4, TO(ROOT_ID) | 0x44);
	CHECK(chips_of_machine[0].entries[4] & MASKED);
	end();
}

/* ---- Owners ---- */

TEST(the_root_has_what_it_had)
{
	static const int pins[] = {PIN, 3, -1};
	const uint64_t before = TO(ROOT_ID + 1) | 0x66 | LEVEL | LOW;

	model_start(false);
	chips_of_machine[0].entries[PIN] = before;
	chips_of_machine[0].entries[3] = 0x33 | MASKED;
	model_configure(&one, CHIP, pins);
	CHECK_EQ(model_create(&one), 0);
	CHECK(chips_of_machine[0].hidden && !chips_of_machine[1].hidden);
	CHECK_EQ(chips_of_machine[0].entries[PIN], MASKED);
	set(guest, PIN, TO(ONE_ID) | VECTOR);
	end();
	/* Masked until Linux says otherwise. */
	CHECK_EQ(chips_of_machine[0].entries[PIN], before | MASKED);
	CHECK_EQ(chips_of_machine[0].entries[3], 0x33 | MASKED);
}

static void refused(struct cell *cell, uint64_t base, int pin, int err, uint32_t check)
{
	const int pins[] = {pin, -1};

	model_configure(cell, base, pins);
	CHECK_EQ(model_create(cell), err);
	CHECK_EQ(call.check, check);
	CHECK_EQ(call.object, 0);
}

TEST(refusals_say_why)
{
	start(false);
	refused(&other, CHIP, PIN, -EBUSY, CELLHV_CHECK_PIN_OWNED);
	refused(&other, CHIP, LINES, -ENODEV, CELLHV_CHECK_PIN_NONE);
	refused(&other, CHIP, 239, -ENODEV, CELLHV_CHECK_PIN_NONE);
	refused(&other, CHIP + 0x2000, 1, -ENODEV, CELLHV_CHECK_PIN_NONE);
	refused(&other, SECOND, LINES, -ENODEV, CELLHV_CHECK_PIN_NONE);
	CHECK(!chips_of_machine[1].hidden);
	/* Registers that are none, but memory of somebody's. */
	not_the_roots = SECOND + 8;
	refused(&other, SECOND, 1, -ENODEV, CELLHV_CHECK_PIN_NONE);
	end();
}

TEST(an_iommu_that_cannot_be_told_is_a_reason)
{
	model_start(false);
	hardware_remaps = true;
	refused(&one, CHIP, PIN, -ENODEV, CELLHV_CHECK_PIN_REMAPPED);
	model_start(true);
	((struct cellhv_iommu *)config_iommu(&machine.system, 0))->type = CELLHV_IOMMU_AMD;
	refused(&one, CHIP, PIN, -ENODEV, CELLHV_CHECK_PIN_REMAPPED);
	model_start(true);
	((struct cellhv_ioapic *)config_ioapic(&machine.system, 0))->source = 0;
	refused(&one, CHIP, PIN, -ENODEV, CELLHV_CHECK_PIN_REMAPPED);
	CHECK(!ioapic_pins && !chips_of_machine[0].hidden);
}

TEST(a_silent_cpu_leaves_all_as_it_was)
{
	const int pins[] = {PIN, -1};

	model_start(false);
	chips_of_machine[0].entries[PIN] = TO(ROOT_ID) | 0x66;
	silent = true;
	model_configure(&one, CHIP, pins);
	CHECK_EQ(model_create(&one), -ETIMEDOUT);
	CHECK_EQ(call.check, CELLHV_CHECK_CPU_SILENT);
	CHECK(!chips_of_machine[0].hidden && !ioapic_pins);
	CHECK_EQ(chips_of_machine[0].entries[PIN], TO(ROOT_ID) | 0x66);
	silent = false;
	CHECK_EQ(model_create(&one), 0);
	/* ... at the end: it is tried again. */
	silent = true;
	CHECK_EQ(model_destroy(&one), -ETIMEDOUT);
	silent = false;
	end();
}

TEST(an_address_that_is_none_of_the_systems_is_none)
{
	start(false);
	CHECK_EQ(ioapic_at(CHIP + 0xfff), 0);
	CHECK_EQ(ioapic_at(SECOND), 1);
	CHECK_EQ(ioapic_at(CHIP - 1), -1);
	CHECK(ioapic_took(CHIP - 1, 2) && !ioapic_took(SECOND, 1) && !ioapic_took(CHIP - 1, 1));
	end();
	CHECK(!ioapic_took(CHIP, 1));
}
