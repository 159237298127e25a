/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The I/O APIC of a cell of x86/pc.h (Intel 82093AA): registers without a chip behind them. Its
 * pins are pulled by the hypervisor, whatever trigger and polarity an entry says. Caller has the
 * lock of the machine.
 */
#ifndef X86_PC_IOAPIC_H
#define X86_PC_IOAPIC_H

#include <cellhv/x86/pc.h>

#include "arch/x86/ioapic.h"

struct pc_ioapic {
	uint8_t index;
	uint8_t id;
	uint64_t entries[CELLHV_PC_IOAPIC_LINES];
};

/* As after power-on: all is masked. */
void pc_ioapic_reset(struct pc_ioapic *ioapic);

/* Every access does something, or nothing. */
void pc_ioapic_access(struct pc_ioapic *ioapic, struct ioapic_access *access);

/* What becomes of an edge at a pin: a message. false: it is masked, and forgotten (3.2.4). */
bool pc_ioapic_message(const struct pc_ioapic *ioapic, unsigned pin, uint64_t *ret_address,
		       uint32_t *ret_data);

#endif
