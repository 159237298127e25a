/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages to interrupts (Intel SDM vol. 3, 11.11; for remappable ones Intel VT-d, 5.1.2 and 9.10).
 * Only CPUs of the function's cell are reached. A cell has no remapping: its format is the former.
 */
#include "arch/x86/msi.h"

#include "arch/x86/apic.h"
#include "arch/x86/ipi.h"
#include "arch/x86/machine.h"
#include "arch/x86/window.h"
#include "core/cell.h"
#include "core/msix.h"

#define MSI_ADDRESS 0xfeeull /* bits 20 and up */
#define MSI_LOGICAL 0x4u
#define MSI_REMAPPABLE 0x10u
#define MSI_SUBHANDLE 0x8u

#define REMAPPING_TABLE_REGISTER 0xb8 /* IRTA_REG; VT-d 11.4.29 */
#define REMAPPING_X2APIC (1ull << 11)
#define REMAPPING_PRESENT 1u
#define REMAPPING_LOGICAL 4u

static uint64_t remapping_table; /* as the register has it; 0: none */

struct message {
	uint32_t command; /* as in the ICR: vector, delivery mode, destination mode */
	uint32_t destination;
	bool x2apic;
};

void msi_find_remapping(struct cpu *self)
{
	uint64_t base = machine.system.remapping_base;

	if (!base)
		return;
	remapping_table = *(volatile uint64_t *)window_map(self, base + REMAPPING_TABLE_REGISTER);
	window_unmap(self);
}

/* false: the table has no such entry. */
static bool msi_remap(struct cpu *self, uint64_t address, uint32_t data, struct message *message)
{
	uint32_t index = ((address >> 5) & 0x7fff) | (address & 4 ? 0x8000u : 0);
	uint64_t table = remapping_table & PAGING_PHYS_MASK, entry;
	uint32_t low, high;

	if (address & MSI_SUBHANDLE)
		index += data & 0xffff;
	if (!table || index >= 2u << (remapping_table & 0xf) ||
	    table + index * 16ull >= machine.system.memory_top)
		return false;

	window_copy_from(self, &entry, table + index * 16ull, sizeof(entry));
	low = (uint32_t)entry;
	high = (uint32_t)(entry >> 32);
	if (!(low & REMAPPING_PRESENT))
		return false;

	message->x2apic = remapping_table & REMAPPING_X2APIC;
	message->destination = message->x2apic ? high : (high >> 8) & 0xff;
	/* Vector in bits 16-23, delivery mode in 5-7. */
	message->command = ((low >> 16) & 0xff) | (low & 0xe0) << 3 |
			   (low & REMAPPING_LOGICAL ? APIC_LOGICAL : 0);
	return true;
}

void msi_send(struct cpu *self, const struct cell *cell, uint64_t address, uint32_t data)
{
	struct message message = {
		.command = (data & 0x7ff) | (address & MSI_LOGICAL ? APIC_LOGICAL : 0),
		.destination = (address >> 12) & 0xff,
	};

	if (address >> 20 != MSI_ADDRESS)
		return;
	if (cell_is_root(cell) && address & MSI_REMAPPABLE &&
	    !msi_remap(self, address, data, &message))
		return;
	ipi_send_message(self, cell, message.command, message.destination, message.x2apic);
}
