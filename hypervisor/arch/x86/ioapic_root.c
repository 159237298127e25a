/* SPDX-License-Identifier: GPL-2.0-only */
/* The root's accesses to an I/O APIC of which a cell has a pin. */
#include "arch/x86/ioapic.h"

#include "arch/x86/cpu.h"
#include "arch/x86/iommu/iommu.h"
#include "arch/x86/ipi.h"
#include "core/arch.h"
#include "core/control.h"
#include "core/machine.h"

#define REMAPPABLE (1ull << 48) /* VT-d, 5.1.2.2 */
#define EXTERNAL 0x700ull	/* delivery mode: the old controllers' vector */
#define DELIVERY_MODE 0x700ull

#define HANDLE(entry) ((uint32_t)((entry) >> 49 & 0x7fff) | (uint32_t)((entry) >> 11 & 1) << 15)

static uint32_t command_of(uint64_t entry)
{
	return (uint32_t)(entry & (IOAPIC_DELIVERY | IOAPIC_LOGICAL));
}

static uint32_t destination_of(uint64_t entry)
{
	return (uint32_t)(entry >> IOAPIC_DESTINATION_SHIFT);
}

/* An entry of a cell's asks for what it does by the same source: that of the chip. */
static bool is_remapped_for_root(uint64_t entry)
{
	return entry & REMAPPABLE && !vtd_entry_is_cells(HANDLE(entry));
}

/* To the first CPU of the root's that it is for, where there is one; else it stays masked. */
static uint64_t narrow(uint64_t entry)
{
	const struct cpu *cpu =
		ipi_message_target(&root_cell, command_of(entry), destination_of(entry));

	if (!cpu)
		return entry | IOAPIC_MASKED;
	return (entry & UINT32_MAX & ~(IOAPIC_LOGICAL | DELIVERY_MODE)) |
	       (uint64_t)cpu->arch->apic_id << IOAPIC_DESTINATION_SHIFT;
}

/*
 * What of an entry of the root's the hardware gets: it interrupts no CPU of a cell, and resets and
 * stops none. Where interrupts are remapped the table says what those of the new format do, and the
 * others are not let through.
 */
static uint64_t filter(uint64_t entry)
{
	/* For whom is all that counts of the old controllers'. */
	bool external = (entry & DELIVERY_MODE) == EXTERNAL;
	uint32_t command =
		external ? (uint32_t)(entry & IOAPIC_LOGICAL) | IOAPIC_VECTOR : command_of(entry);

	if (entry & IOAPIC_MASKED)
		return entry;
	if (iommu_interrupts() == CELLHV_INTERRUPTS_REMAPPED)
		return is_remapped_for_root(entry) ? entry : entry | IOAPIC_MASKED;
	return ipi_message_stays(&root_cell, command, destination_of(entry)) ? entry
									     : narrow(entry);
}

static void recheck_pin(struct cpu *self, unsigned chip, unsigned pin)
{
	uint64_t entry = ioapic_read_entry(self, chip, pin), filtered = filter(entry);

	if (filtered != entry)
		ioapic_write_entry(self, chip, pin, filtered);
}

void arch_recheck_interrupts(struct cpu *self)
{
	bool locked = ioapic_wait_lock();

	for (unsigned chip = 0; chip < machine.system.ioapics.count; chip++)
		for (unsigned pin = 0; ioapic_is_trapped(chip) && pin < ioapic_lines(chip); pin++)
			if (!ioapic_find(chip, pin))
				recheck_pin(self, chip, pin);
	if (locked)
		ioapic_unlock();
}

/* Half of an entry of its own; the two halves that the hardware has then are looked at together. */
static void write_half(struct cpu *self, unsigned chip, unsigned pin, bool upper, uint32_t value)
{
	uint64_t entry = ioapic_read_entry(self, chip, pin), filtered;

	entry = upper ? (entry & UINT32_MAX) | (uint64_t)value << 32
		      : (entry & ~(uint64_t)UINT32_MAX) | value;
	filtered = filter(entry);
	if (filtered == entry)
		ioapic_write(self, chip, IOAPIC_ENTRY(pin) + upper, value);
	else
		ioapic_write_entry(self, chip, pin, filtered);
}

/* A pin that is not the root's is masked, and stays so. */
static void access_entry(struct cpu *self, unsigned chip, unsigned index,
			 struct ioapic_access *access)
{
	unsigned pin = (index - IOAPIC_ENTRY(0)) / 2;
	bool upper = index & 1, foreign = ioapic_find(chip, pin);

	if (access->write && !foreign)
		write_half(self, chip, pin, upper, (uint32_t)access->value);
	else if (!access->write && foreign)
		access->value = upper ? 0 : IOAPIC_MASKED;
	else if (!access->write)
		access->value = ioapic_read(self, chip, index);
}

static void access_data(struct cpu *self, unsigned chip, struct ioapic_access *access)
{
	unsigned index = ioapic_index(chip);

	if (index >= IOAPIC_ENTRY(0) && index < IOAPIC_ENTRY(ioapic_lines(chip)))
		access_entry(self, chip, index, access);
	else if (!access->write)
		access->value = ioapic_read(self, chip, index);
	else if (index < IOAPIC_ENTRY(0))
		ioapic_write(self, chip, index, (uint32_t)access->value);
}

static void access_index(struct cpu *self, unsigned chip, struct ioapic_access *access)
{
	if (access->write)
		ioapic_set_index(self, chip, (uint8_t)access->value);
	access->value = ioapic_index(chip);
}

/* Registers are of 32 bits (ICH9, 13.5.1); to others nothing answers. */
static void access_register(struct cpu *self, unsigned chip, struct ioapic_access *access)
{
	if (!access->write)
		access->value = UINT64_MAX;
	if (access->size != 4)
		return;
	if (access->offset == IOAPIC_INDEX)
		access_index(self, chip, access);
	else if (access->offset == IOAPIC_DATA)
		access_data(self, chip, access);
	else if (access->offset == IOAPIC_EOI && access->write)
		ioapic_eoi(self, chip, (uint32_t)access->value);
}

enum ioapic_result ioapic_root_access(struct cpu *self, unsigned chip, struct ioapic_access *access)
{
	enum ioapic_result result = IOAPIC_RETRY;

	if (!control_try_lock())
		return IOAPIC_RETRY;
	/* It may have been given back since the exit. */
	if (ioapic_is_trapped(chip) && ioapic_try_lock()) {
		access_register(self, chip, access);
		ioapic_unlock();
		result = IOAPIC_DONE;
	}
	control_unlock();
	return result;
}
