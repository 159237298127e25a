/* SPDX-License-Identifier: GPL-2.0-only */
/* The drivers of x86's IOMMUs, and what the rest of x86 asks of them. */
#ifndef X86_IOMMU_H
#define X86_IOMMU_H

#include "core/iommu.h"

extern const struct iommu_ops vtd_ops;
extern const struct iommu_ops amdvi_ops;

/*
 * The lower half of an entry of the root's, in the table that a VT-d unit uses now, and the form of
 * its destination. false: there is none, or interrupts are not remapped. Without any lock.
 */
bool vtd_entry(const struct iommu *unit, uint32_t index, uint64_t *ret_entry, bool *ret_x2apic);

/*
 * What a message of the root's with this data does by the table that AMD-Vi units of ours have for
 * its requester. false: none, and it does what it says. Without any lock.
 */
bool amdvi_entry(uint16_t requester, uint32_t data, struct iommu_interrupt *ret);

/* Whether a unit that is not ours remaps interrupts, or may: nothing is known of its table. */
bool iommu_hardware_remaps(struct cpu *self);

/* Whether what a VT-d unit has there is a cell's, in tables of ours. */
bool vtd_entry_is_cells(uint32_t index);

#endif
