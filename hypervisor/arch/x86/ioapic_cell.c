/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The I/O APIC that a cell sees. What it writes to an entry is a shadow, from which the hardware's
 * is made, that reaches CPUs of the cell alone: by an entry of the IOMMU's where interrupts are
 * remapped, else by itself.
 */
#include "arch/x86/ioapic.h"

#include "core/arch.h"
#include "core/errno.h"
#include "core/machine.h"

struct pins *ioapic_pins;

struct pin *ioapic_find(unsigned chip, unsigned number)
{
	for (struct pins *at = ioapic_pins; at; at = at->next)
		for (unsigned i = 0; i < at->count; i++)
			if (at->pins[i].taken && at->pins[i].chip == chip &&
			    at->pins[i].number == number)
				return &at->pins[i];
	return NULL;
}

struct pins *ioapic_pins_of(const struct cell *cell)
{
	struct pins *at = ioapic_pins;

	while (at && at->cell != cell)
		at = at->next;
	return at;
}

static bool has_chip(const struct pins *pins, unsigned chip)
{
	for (unsigned i = 0; i < pins->count; i++)
		if (pins->pins[i].taken && pins->pins[i].chip == chip)
			return true;
	return false;
}

static struct pin *own_pin(struct pins *pins, unsigned chip, unsigned number)
{
	for (unsigned i = 0; i < pins->count; i++)
		if (pins->pins[i].chip == chip && pins->pins[i].number == number)
			return &pins->pins[i];
	return NULL;
}

void ioapic_reset_pins(struct pins *pins)
{
	for (unsigned i = 0; i < pins->count; i++)
		pins->pins[i].guest = IOAPIC_MASKED;
	for (unsigned i = 0; i < CELLHV_MAX_IOAPICS; i++)
		pins->seen[i].index = pins->seen[i].id = 0;
}

/* An entry that is masked with trigger edge has no remote IRR; chips that know it take an EOI. */
void ioapic_silence(struct cpu *self, struct pin *pin)
{
	if (!pin->taken)
		return;
	if (pin->hardware & IOAPIC_LEVEL)
		ioapic_eoi(self, pin->chip, pin->hardware & IOAPIC_VECTOR);
	ioapic_write_entry(self, pin->chip, pin->number, IOAPIC_MASKED);
	pin->hardware = IOAPIC_MASKED;
}

void ioapic_deactivate(struct cpu *self, struct pins *pins)
{
	pins->active = false;
	for (unsigned i = 0; i < pins->count; i++)
		ioapic_silence(self, &pins->pins[i]);
}

/* An I/O APIC's message, bit by bit (Intel VT-d, 5.1.5.1). */
static uint64_t entry_of_message(uint64_t address, uint32_t data)
{
	return (address >> 4 & 0xffff) << 48 |
	       (address & IOAPIC_MESSAGE_LOGICAL ? IOAPIC_LOGICAL : 0) | (data & IOAPIC_DELIVERY);
}

static bool is_set(const struct pin *pin, const struct iommu_interrupt *wanted)
{
	return pin->set.vector == wanted->vector && pin->set.level == wanted->level &&
	       pin->set.destination == wanted->destination;
}

/* The unit's entry does what the guest's says; how ours asks for that is always the same. */
static int set_remapped(struct cpu *self, struct pin *pin, const struct iommu_interrupt *wanted)
{
	uint64_t address;
	uint32_t data;
	int err;

	if (is_set(pin, wanted))
		return 0;
	err = iommu_set_interrupt(self, pin->interrupt, wanted, &address, &data);
	if (err)
		return err;
	pin->set = *wanted;
	pin->message = entry_of_message(address, data) & ~IOAPIC_DELIVERY;
	return 0;
}

/* To whom, and as what: -EINVAL: to nobody of the cell's; -EAGAIN. */
static int translate(struct cpu *self, const struct cell *cell, struct pin *pin, uint64_t *ret)
{
	uint64_t guest = pin->guest, address;
	struct iommu_interrupt wanted = {
		.requester = config_ioapic(&machine.system, pin->chip)->source,
		.level = guest & IOAPIC_LEVEL,
	};
	uint32_t data = guest & IOAPIC_DELIVERY;
	int err;

	address = ioapic_message_address(guest);
	if (!arch_message_target(cell, address, data, &wanted))
		return -EINVAL;
	if (pin->has_interrupt) {
		err = set_remapped(self, pin, &wanted);
		/* An EOI is for the vector that is here. */
		*ret = pin->message | wanted.vector;
		return err;
	}
	if (!arch_message(&wanted, &address, &data))
		return -EINVAL;
	*ret = entry_of_message(address, data);
	return 0;
}

/* What is other than its mask changes while it is masked, but whom it is for: that is one word. */
static void write_hardware(struct cpu *self, struct pin *pin, uint64_t entry)
{
	uint64_t changed = pin->hardware ^ entry;

	if (changed & UINT32_MAX & ~IOAPIC_MASKED)
		ioapic_write_entry(self, pin->chip, pin->number, entry);
	else if (changed & ~(uint64_t)UINT32_MAX)
		ioapic_write(self, pin->chip, IOAPIC_ENTRY(pin->number) + 1,
			     (uint32_t)(entry >> 32));
	if (changed & IOAPIC_MASKED && !(changed & UINT32_MAX & ~IOAPIC_MASKED))
		ioapic_write(self, pin->chip, IOAPIC_ENTRY(pin->number), (uint32_t)entry);
	pin->hardware = entry;
}

/* The guest has changed its entry: so the hardware's. */
static enum ioapic_result update(struct cpu *self, const struct pins *pins, struct pin *pin)
{
	uint64_t entry = pin->hardware | IOAPIC_MASKED;
	int err = 0;

	if (pins->active && !(pin->guest & IOAPIC_MASKED)) {
		err = translate(self, pins->cell, pin, &entry);
		entry = err ? pin->hardware | IOAPIC_MASKED
			    : entry | (pin->guest & (IOAPIC_LOW | IOAPIC_LEVEL));
	}
	write_hardware(self, pin, entry);
	return err == -EAGAIN ? IOAPIC_RETRY : IOAPIC_DONE;
}

static uint32_t read_entry(struct cpu *self, struct pins *pins, unsigned chip, unsigned index)
{
	unsigned number = (index - IOAPIC_ENTRY(0)) / 2;
	const struct pin *pin = own_pin(pins, chip, number);

	if (!pin)
		return index & 1 ? 0 : IOAPIC_MASKED;
	if (index & 1)
		return (uint32_t)(pin->guest >> 32);
	return (uint32_t)pin->guest | (ioapic_read(self, chip, index) & IOAPIC_READ_ONLY);
}

static uint32_t read_data(struct cpu *self, struct pins *pins, unsigned chip)
{
	unsigned index = pins->seen[chip].index;

	if (index == IOAPIC_ID || index == IOAPIC_ARBITRATION)
		return (uint32_t)pins->seen[chip].id << IOAPIC_ID_SHIFT;
	if (index == IOAPIC_VERSION)
		return ioapic_version(chip);
	if (index < IOAPIC_ENTRY(0) || index >= IOAPIC_ENTRY(ioapic_lines(chip)))
		return 0;
	return read_entry(self, pins, chip, index);
}

static enum ioapic_result write_data(struct cpu *self, struct pins *pins, unsigned chip,
				     uint32_t value)
{
	unsigned index = pins->seen[chip].index;
	uint64_t upper = (uint64_t)value << 32;
	struct pin *pin;

	if (index == IOAPIC_ID)
		pins->seen[chip].id = value >> IOAPIC_ID_SHIFT & IOAPIC_ID_MASK;
	pin = index < IOAPIC_ENTRY(0) ? NULL : own_pin(pins, chip, (index - IOAPIC_ENTRY(0)) / 2);
	if (!pin)
		return IOAPIC_DONE;

	if (index & 1)
		pin->guest = (pin->guest & UINT32_MAX) | upper;
	else
		pin->guest = (pin->guest & ~(uint64_t)UINT32_MAX) | value;
	pin->guest &= IOAPIC_WRITABLE;
	return update(self, pins, pin);
}

/* The chip's forgets all interrupts of that vector: it gets one that the guest may have. */
static void end_interrupt(struct cpu *self, struct pins *pins, unsigned chip, uint32_t vector)
{
	for (unsigned i = 0; i < pins->count; i++) {
		const struct pin *pin = &pins->pins[i];

		if (pin->chip == chip && pin->hardware & IOAPIC_LEVEL &&
		    (pin->hardware & IOAPIC_VECTOR) == (vector & IOAPIC_VECTOR)) {
			ioapic_eoi(self, chip, vector);
			return;
		}
	}
}

static enum ioapic_result write_register(struct cpu *self, struct pins *pins, unsigned chip,
					 const struct ioapic_access *access)
{
	uint32_t value = (uint32_t)access->value;

	switch (access->offset) {
	case IOAPIC_INDEX:
		pins->seen[chip].index = (uint8_t)value;
		break;
	case IOAPIC_DATA:
		return write_data(self, pins, chip, value);
	case IOAPIC_EOI:
		end_interrupt(self, pins, chip, value);
		break;
	default:
		break;
	}
	return IOAPIC_DONE;
}

/* Registers are of 32 bits (ICH9, 13.5.1); to others nothing answers. */
static enum ioapic_result access_register(struct cpu *self, struct pins *pins, unsigned chip,
					  struct ioapic_access *access)
{
	if (access->write)
		return access->size == 4 ? write_register(self, pins, chip, access) : IOAPIC_DONE;

	access->value = UINT64_MAX;
	if (access->size == 4 && access->offset == IOAPIC_INDEX)
		access->value = pins->seen[chip].index;
	else if (access->size == 4 && access->offset == IOAPIC_DATA)
		access->value = read_data(self, pins, chip);
	return IOAPIC_DONE;
}

enum ioapic_result ioapic_cell_access(struct cpu *self, unsigned chip, struct ioapic_access *access)
{
	enum ioapic_result result = IOAPIC_NONE;
	struct pins *pins;

	if (!ioapic_try_lock())
		return IOAPIC_RETRY;
	pins = ioapic_pins_of(self->cell);
	if (pins && has_chip(pins, chip))
		result = access_register(self, pins, chip, access);
	ioapic_unlock();
	return result;
}
