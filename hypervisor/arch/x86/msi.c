/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages to interrupts (Intel SDM vol. 3, 11.11; for remappable ones Intel VT-d, 5.1.2 and 9.10).
 * Only CPUs of the function's cell are reached. A cell has no remapping: its format is the former.
 */
#include "arch/x86/msi.h"

#include "arch/x86/apic.h"
#include "arch/x86/iommu/iommu.h"
#include "arch/x86/ipi.h"
#include "arch/x86/machine.h"
#include "core/cell.h"
#include "core/iommu.h"
#include "core/memory.h"
#include "core/pci.h"
#include "core/print.h"
#include "core/window.h"

#define MSI_ADDRESS 0xfeeull /* bits 20 and up */
#define MSI_LOGICAL 0x4u
#define MSI_REMAPPABLE 0x10u
#define MSI_SUBHANDLE 0x8u

#define REMAPPING_TABLE_REGISTER 0xb8 /* IRTA_REG; VT-d 11.4.29 */
#define REMAPPING_SIZE 0xfull
#define REMAPPING_ENTRY 16ull /* bytes */
#define REMAPPING_X2APIC (1ull << 11)
#define REMAPPING_PRESENT 1u
#define REMAPPING_LOGICAL 4u

static uint64_t remapping_table; /* as the register had it, and checked; 0: none */

struct message {
	uint32_t command; /* as in the ICR: vector, delivery mode, destination mode */
	uint32_t destination;
	bool x2apic;
};

static uint64_t table_base(uint64_t value)
{
	return value & PAGING_PHYS_MASK;
}

static uint64_t table_size(uint64_t value)
{
	return (2ull << (value & REMAPPING_SIZE)) * REMAPPING_ENTRY;
}

/* Neither a cell's, also of one that is just being made, nor ours. */
static bool table_is_roots(uint64_t value)
{
	uint64_t base = table_base(value), end = base + table_size(value);

	if (!cell_root_owns(base, end - base))
		return false;
	for (uint64_t page = base; page < end; page += PAGE_SIZE)
		if (!memory_root_reaches(page))
			return false;
	return true;
}

void msi_find_remapping(struct cpu *self)
{
	uint64_t unit = machine.system.remapping_base, value;

	remapping_table = 0;
	/* Where the unit is the hypervisor's, so is the table that counts. */
	if (!unit || iommu_at(unit))
		return;
	value = *(volatile uint64_t *)arch_window_map(self, unit + REMAPPING_TABLE_REGISTER);
	arch_window_unmap(self);
	remapping_table = table_base(value) && table_is_roots(value) ? value : 0;
	if (table_base(value) && !remapping_table)
		print("The table of interrupt remapping at %llx is not the root's\n",
		      (unsigned long long)table_base(value));
}

void msi_forget_remapping(void)
{
	remapping_table = 0;
}

uint64_t msi_remapping_table(void)
{
	return table_base(remapping_table);
}

uint64_t msi_remapping_size(void)
{
	return table_size(remapping_table);
}

/* Of Linux's table, where that is in the hardware. false: it has no such entry. */
static bool msi_linux_entry(struct cpu *self, uint32_t index, uint64_t *entry, bool *x2apic)
{
	uint64_t value = remapping_table;

	if (!table_base(value) || index * REMAPPING_ENTRY >= table_size(value))
		return false;
	window_copy_from(self, entry, table_base(value) + index * REMAPPING_ENTRY, sizeof(*entry));
	*x2apic = value & REMAPPING_X2APIC;
	return true;
}

/* false: the table has no such entry. */
static bool msi_remap(struct cpu *self, uint64_t address, uint32_t data, struct message *message)
{
	const struct iommu *unit = iommu_at(machine.system.remapping_base);
	uint32_t index = ((address >> 5) & 0x7fff) | (address & 4 ? 0x8000u : 0);
	uint32_t low, high;
	uint64_t entry;
	bool found;

	if (address & MSI_SUBHANDLE)
		index += data & 0xffff;
	found = unit ? vtd_entry(unit, index, &entry, &message->x2apic)
		     : msi_linux_entry(self, index, &entry, &message->x2apic);
	low = found ? (uint32_t)entry : 0;
	high = found ? (uint32_t)(entry >> 32) : 0;
	if (!(low & REMAPPING_PRESENT))
		return false;

	message->destination = message->x2apic ? high : (high >> 8) & 0xff;
	/* Vector in bits 16-23, delivery mode in 5-7. */
	message->command = ((low >> 16) & 0xff) | (low & 0xe0) << 3 |
			   (low & REMAPPING_LOGICAL ? APIC_LOGICAL : 0);
	return true;
}

/* As the unit would that the root has for it. false: the message is lost. */
static bool as_remapped(struct cpu *self, const struct pci_function *function, uint64_t address,
			uint32_t data, struct message *message)
{
	struct iommu_interrupt interrupt;

	if (amdvi_entry(function->address, data, &interrupt)) {
		*message = (struct message){interrupt.vector, interrupt.destination, true};
		return !interrupt.masked;
	}
	return !(address & MSI_REMAPPABLE) || msi_remap(self, address, data, message);
}

static struct message as_written(uint64_t address, uint32_t data)
{
	return (struct message){
		.command = (data & 0x7ff) | (address & MSI_LOGICAL ? APIC_LOGICAL : 0),
		.destination = (address >> 12) & 0xff,
	};
}

void msi_send_to_cell(struct cpu *self, const struct cell *cell, uint64_t address, uint32_t data)
{
	struct message message = as_written(address, data);

	if (address >> 20 == MSI_ADDRESS)
		ipi_send_message(self, cell, message.command, message.destination, false);
}

void arch_send_message(struct cpu *self, const struct pci_function *function, uint64_t address,
		       uint32_t data)
{
	struct message message = as_written(address, data);

	if (address >> 20 != MSI_ADDRESS)
		return;
	if (cell_is_root(function->cell) && !as_remapped(self, function, address, data, &message))
		return;
	ipi_send_message(self, function->cell, message.command, message.destination,
			 message.x2apic);
}

bool arch_message_target(const struct cell *cell, uint64_t address, uint32_t data,
			 struct iommu_interrupt *ret)
{
	struct message message = as_written(address, data);
	const struct cpu *cpu = NULL;

	if (address >> 20 == MSI_ADDRESS && !(address & MSI_REMAPPABLE))
		cpu = ipi_message_target(cell, message.command, message.destination);
	if (!cpu)
		return false;
	ret->vector = (uint8_t)data;
	ret->destination = cpu->arch->apic_id;
	return true;
}

/* In the remappable format it names an entry of a unit's, which is looked at where that is set. */
bool arch_message_is_roots(uint64_t address, uint32_t data, unsigned count)
{
	struct message message = as_written(address, data & ~(count - 1));

	if (address >> 20 != MSI_ADDRESS)
		return false;
	if (address & MSI_REMAPPABLE)
		return iommu_remaps_some();
	return ipi_message_stays(&root_cell, message.command, message.destination);
}

/* Fixed, edge, to one CPU by its id, of which there are 8 bits. */
bool arch_message(const struct iommu_interrupt *interrupt, uint64_t *ret_address,
		  uint32_t *ret_data)
{
	*ret_address = MSI_ADDRESS << 20 | (uint64_t)interrupt->destination << 12;
	*ret_data = interrupt->vector;
	return interrupt->destination < 0xff;
}
