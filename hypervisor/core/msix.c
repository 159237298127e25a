/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* PCI Local Bus Specification 3.0, 6.8.2 and 6.8.3. */
#include "core/msix.h"

#include "core/arch.h"
#include "core/message_registers.h"

void msix_init(struct msix *msix, struct pci_function *function, unsigned capability, unsigned next,
	       unsigned bar)
{
	msix->capability = capability;
	pci_set(function, capability, 1, PCI_CAP_MSIX);
	pci_set(function, capability + 1, 1, next);
	pci_set(function, capability + MESSAGE_CONTROL, 2, msix->vectors - 1);
	pci_allow(function, capability + MESSAGE_CONTROL, 2, MSIX_ENABLE | MSIX_MASK_ALL);
	pci_set(function, capability + MSIX_TABLE, 4, bar);
	pci_set(function, capability + MSIX_PENDING, 4, msix->pba | bar);
}

void msix_reset(struct msix *msix, struct pci_function *function)
{
	pci_set(function, msix->capability + MESSAGE_CONTROL, 2, msix->vectors - 1);
	msix->pending = 0;
	for (unsigned i = 0; i < MSIX_VECTORS; i++) {
		msix->table[i][ADDRESS_LOW] = 0;
		msix->table[i][ADDRESS_HIGH] = 0;
		msix->table[i][DATA] = 0;
		msix->table[i][VECTOR_CONTROL] = VECTOR_MASKED;
	}
}

static uint32_t msix_read_word(const struct msix *msix, uint32_t offset)
{
	if (offset < msix->vectors * MSIX_ENTRY_SIZE)
		return msix->table[offset / MSIX_ENTRY_SIZE][offset % MSIX_ENTRY_SIZE / 4];
	return offset == msix->pba ? msix->pending : 0;
}

uint64_t msix_read(const struct msix *msix, uint32_t offset, unsigned size)
{
	if (offset % size || size < 4)
		return 0;
	if (size == 4)
		return msix_read_word(msix, offset);
	return msix_read_word(msix, offset) | (uint64_t)msix_read_word(msix, offset + 4) << 32;
}

static void msix_write_word(struct msix *msix, uint32_t offset, uint32_t value)
{
	static const uint32_t bits[] = {~3u, UINT32_MAX, UINT32_MAX, VECTOR_MASKED};

	if (offset < msix->vectors * MSIX_ENTRY_SIZE)
		msix->table[offset / MSIX_ENTRY_SIZE][offset % MSIX_ENTRY_SIZE / 4] =
			value & bits[offset % MSIX_ENTRY_SIZE / 4];
}

void msix_write(struct cpu *self, struct msix *msix, struct pci_function *function, uint32_t offset,
		unsigned size, uint64_t value)
{
	if (offset % size || size < 4)
		return;

	msix_write_word(msix, offset, (uint32_t)value);
	if (size == 8)
		msix_write_word(msix, offset + 4, (uint32_t)(value >> 32));
	msix_update(self, msix, function);
}

static uint32_t msix_control(const struct msix *msix, const struct pci_function *function)
{
	return pci_get(function, msix->capability + MESSAGE_CONTROL, 2);
}

/* A function that may not master the bus sends nothing; what it has to say waits. */
static bool msix_is_masked(const struct msix *msix, const struct pci_function *function,
			   unsigned vector)
{
	return msix_control(msix, function) & MSIX_MASK_ALL ||
	       !(pci_get(function, PCI_COMMAND, 2) & PCI_COMMAND_MASTER) ||
	       msix->table[vector][VECTOR_CONTROL] & VECTOR_MASKED;
}

void msix_raise(struct cpu *self, struct msix *msix, struct pci_function *function, unsigned vector)
{
	const uint32_t *entry = msix->table[vector];

	if (!(msix_control(msix, function) & MSIX_ENABLE))
		return;
	if (msix_is_masked(msix, function, vector)) {
		msix->pending |= 1u << vector;
		return;
	}
	msix->pending &= ~(1u << vector);
	arch_send_message(self, function, entry[ADDRESS_LOW] | (uint64_t)entry[ADDRESS_HIGH] << 32,
			  entry[DATA]);
}

void msix_update(struct cpu *self, struct msix *msix, struct pci_function *function)
{
	for (unsigned i = 0; i < msix->vectors; i++)
		if (msix->pending >> i & 1)
			msix_raise(self, msix, function, i);
}
