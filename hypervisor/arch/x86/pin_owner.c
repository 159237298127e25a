/* SPDX-License-Identifier: GPL-2.0-only */
/* Pins of I/O APICs as what cells own. */
#include "arch/x86/ioapic.h"

#include "arch/x86/iommu/iommu.h"
#include "arch/x86/kept.h"
#include "core/arch.h"
#include "core/errno.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/panic.h"
#include "core/print.h"
#include "core/resource.h"

_Static_assert(sizeof(struct pins) <= PAGE_SIZE, "a cell's pins fit a page");

static bool is_owned(const struct cellhv_pin *wanted)
{
	for (const struct pins *at = ioapic_pins; at; at = at->next)
		for (unsigned i = 0; i < at->count; i++)
			if (ioapic_base(at->pins[i].chip) == wanted->ioapic &&
			    at->pins[i].number == wanted->pin)
				return true;
	return false;
}

/* Registers that are nobody else's: what the root says of where they are is not believed. */
static bool chip_exists(uint64_t base)
{
	return ioapic_at(base) >= 0 && cell_root_owns(base, PAGE_SIZE) &&
	       !kept_registers(base, PAGE_SIZE) && !iommu_keeps(base, PAGE_SIZE);
}

/*
 * Whether an entry can be made that reaches the cell: units other than VT-d's take the vector for
 * the number of their own entry, and an EOI would not find ours.
 */
static bool can_interrupt(struct cpu *self, uint64_t base)
{
	bool all_vtd = true;

	for (uint32_t i = 0; i < machine.system.iommus.count; i++)
		all_vtd = all_vtd && config_iommu(&machine.system, i)->type == CELLHV_IOMMU_VTD;
	if (iommu_interrupts() == CELLHV_INTERRUPTS_REMAPPED)
		return all_vtd && config_ioapic(&machine.system, (unsigned)ioapic_at(base))->source;
	return !iommu_hardware_remaps(self);
}

static int pin_check(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < cell->config->pins.count; i++) {
		const struct cellhv_pin *pin = config_pin(cell->config, i);

		if (!chip_exists(pin->ioapic))
			return cell_refuse(call, -ENODEV, CELLHV_CHECK_PIN_NONE, i);
		if (is_owned(pin))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_PIN_OWNED, i);
		if (!can_interrupt(self, pin->ioapic))
			return cell_refuse(call, -ENODEV, CELLHV_CHECK_PIN_REMAPPED, i);
	}
	return 0;
}

static int reserve_one(const struct cell *cell, struct pins *pins, uint32_t index)
{
	const struct cellhv_pin *config = config_pin(cell->config, index);
	struct pin *pin = &pins->pins[index];

	pin->chip = (unsigned)ioapic_at(config->ioapic);
	pin->number = config->pin;
	pins->count++;
	if (iommu_interrupts() != CELLHV_INTERRUPTS_REMAPPED)
		return 0;
	if (iommu_allocate_interrupts(1, &pin->interrupt))
		return -ENOMEM;
	pin->has_interrupt = true;
	return 0;
}

static void list(struct pins *pins)
{
	bool locked = ioapic_wait_lock();

	pins->next = ioapic_pins;
	ioapic_pins = pins;
	if (locked)
		ioapic_unlock();
}

static int pin_reserve(struct cell *cell)
{
	struct pins *pins;
	int err = 0;

	if (!cell->config->pins.count)
		return 0;
	pins = pool_alloc(&machine.pool, 1);
	if (!pins)
		return -ENOMEM;

	pins->cell = cell;
	ioapic_reset_pins(pins);
	for (uint32_t i = 0; i < cell->config->pins.count && !err; i++)
		err = reserve_one(cell, pins, i);
	list(pins);
	return err;
}

/* From here on it is not the root's, and masked. */
static int take_one(struct cpu *self, struct pin *pin)
{
	bool locked = ioapic_wait_lock();
	int err = pin->number < ioapic_lines(pin->chip) ? 0 : -ENODEV;

	if (!err) {
		pin->roots = ioapic_read_entry(self, pin->chip, pin->number) | IOAPIC_MASKED;
		pin->hardware = pin->roots;
		pin->taken = true;
		ioapic_silence(self, pin);
	}
	if (locked)
		ioapic_unlock();
	return err;
}

/* The IOMMU's entry goes first: nothing asks for it any more. */
static void return_one(struct cpu *self, struct pin *pin)
{
	bool locked = ioapic_wait_lock();

	if (pin->taken) {
		ioapic_silence(self, pin);
		ioapic_write_entry(self, pin->chip, pin->number, pin->roots);
	}
	pin->taken = false;
	if (locked)
		ioapic_unlock();
}

static bool is_used(unsigned chip)
{
	for (const struct pins *at = ioapic_pins; at; at = at->next)
		for (unsigned i = 0; i < at->count; i++)
			if (at->pins[i].taken && at->pins[i].chip == chip)
				return true;
	return false;
}

static void free_interrupts(struct cpu *self, struct pins *pins)
{
	for (unsigned i = 0; i < pins->count; i++) {
		if (pins->pins[i].has_interrupt)
			iommu_free_interrupts(self, pins->pins[i].interrupt, 1);
		pins->pins[i].has_interrupt = false;
	}
}

static int pin_give_back(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	struct pins *pins = ioapic_pins_of(cell);
	int first = 0, err;

	for (unsigned i = 0; pins && i < pins->count; i++)
		return_one(self, &pins->pins[i]);
	if (pins)
		free_interrupts(self, pins);
	for (unsigned i = 0; pins && i < pins->count; i++) {
		unsigned chip = pins->pins[i].chip;

		err = is_used(chip) ? 0 : ioapic_release(self, chip, call);
		first = first ? first : err;
	}
	return first;
}

static int pin_take(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	struct pins *pins = ioapic_pins_of(cell);
	int err = 0;

	for (unsigned i = 0; pins && i < pins->count && !err; i++) {
		err = ioapic_trap(self, pins->pins[i].chip, call);
		if (!err && take_one(self, &pins->pins[i]))
			err = cell_refuse(call, -ENODEV, CELLHV_CHECK_PIN_NONE, i);
	}
	if (err)
		pin_give_back(self, cell, call);
	else if (pins)
		arch_recheck_interrupts(self);
	return err;
}

static void pin_start(struct cell *cell)
{
	struct pins *pins = ioapic_pins_of(cell);

	if (!pins)
		return;
	ioapic_reset_pins(pins);
	pins->active = true;
}

static void pin_fail(struct cell *cell)
{
	if (cell->config->pins.count)
		ioapic_note_failure();
}

static int pin_stop(struct cell *cell, struct cellhv_call *call)
{
	bool locked = ioapic_wait_lock();
	struct pins *pins = ioapic_pins_of(cell);

	(void)call;
	if (pins)
		ioapic_deactivate(arch_self(), pins);
	if (locked)
		ioapic_unlock();
	return 0;
}

static void unlist(const struct pins *gone)
{
	bool locked = ioapic_wait_lock();

	for (struct pins **at = &ioapic_pins; *at; at = &(*at)->next) {
		if (*at == gone) {
			*at = gone->next;
			break;
		}
	}
	if (locked)
		ioapic_unlock();
}

static void pin_release(struct cell *cell)
{
	struct pins *pins = ioapic_pins_of(cell);

	if (!pins)
		return;
	free_interrupts(arch_self(), pins);
	unlist(pins);
	pool_free(&machine.pool, pins, 1);
}

static void pin_verify(void)
{
	for (const struct pins *at = ioapic_pins; at; at = at->next)
		for (unsigned i = 0; i < at->count; i++)
			if (at->pins[i].taken && memory_root_reaches(ioapic_base(at->pins[i].chip)))
				panic("the root reaches the I/O APIC of a pin of cell \"%s\"",
				      at->cell->name);
}

const struct resource pin_resource = {
	.check = pin_check,
	.reserve = pin_reserve,
	.take = pin_take,
	.start = pin_start,
	.stop = pin_stop,
	.fail = pin_fail,
	.give_back = pin_give_back,
	.release = pin_release,
	.verify = pin_verify,
};
