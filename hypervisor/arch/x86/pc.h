/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine of a cell with CELLHV_CELL_PLATFORM_PC (cellhv/x86/pc.h). */
#ifndef X86_PC_H
#define X86_PC_H

#include "arch/x86/ioapic.h"
#include "arch/x86/port.h"

static inline bool pc_is(const struct cell *cell)
{
	return cell->platform;
}

/*
 * An access to ports that are neither the cell's nor PCI's, byte by byte as the bus has it,
 * whatever they are. 0: done; -EAGAIN: this CPU does not go on.
 */
int pc_port_access(struct cpu *cpu, const struct port_access *access, uint32_t *value);

/* Whether the cell has its I/O APIC in the page of that address, and an access to it. */
bool pc_has_ioapic(const struct cell *cell, uint64_t guest);
enum ioapic_result pc_ioapic_guest_access(const struct cell *cell, struct ioapic_access *access);

extern const struct resource pc_resource;

#endif
