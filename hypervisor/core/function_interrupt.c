/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of a physical function: what the guest writes is a shadow, from which the hardware's are
 * made, that reach CPUs of its cell alone. PCI Local Bus Specification 3.0, 6.8.
 */
#include "core/arch.h"
#include "core/errno.h"
#include "core/function.h"
#include "core/iommu.h"
#include "core/message_registers.h"
#include "core/range.h"
#include "core/window.h"

struct message {
	uint64_t address;
	uint32_t data;
};

/*
 * What the hardware has to send for the guest's message. -EINVAL: that would reach nobody; -EAGAIN.
 * Without remapping it is the message itself, to that CPU.
 */
static int translate(struct cpu *self, const struct function *function, uint32_t vector,
		     const struct message *guest, struct message *ret)
{
	struct iommu_interrupt interrupt = {.requester = function->config->requesters[0]};

	if (!arch_message_target(function->pci.cell, guest->address, guest->data, &interrupt))
		return -EINVAL;
	if (!function->interrupts)
		return arch_message(&interrupt, &ret->address, &ret->data) ? 0 : -EINVAL;
	return iommu_set_interrupt(self, function->first_interrupt + vector, &interrupt,
				   &ret->address, &ret->data);
}

static enum pci_result result_of(int err)
{
	return err == -EAGAIN ? PCI_RETRY : PCI_DONE;
}

static void write_msi(struct cpu *self, const struct function *function,
		      const struct message *message, uint32_t control)
{
	const struct function_msi *msi = &function->msi;
	uint16_t address = function->pci.address;

	arch_pci_write(self, address, msi->capability + 4u, 4, (uint32_t)message->address);
	if (msi->is_64bit)
		arch_pci_write(self, address, msi->capability + 8u, 4,
			       (uint32_t)(message->address >> 32));
	arch_pci_write(self, address, msi->data, 2, message->data);
	if (msi->mask)
		arch_pci_write(self, address, msi->mask, 4,
			       ~1u | pci_get(&function->pci, msi->mask, 4));
	arch_pci_write(self, address, msi->capability + MESSAGE_CONTROL, 2, control | MSI_ENABLE);
}

/* Off while it is changed: a message that is half one and half another goes nowhere we know. */
enum pci_result function_update_msi(struct cpu *self, const struct function *function)
{
	const struct function_msi *msi = &function->msi;
	const struct pci_function *pci = &function->pci;
	unsigned at = msi->capability;
	uint32_t control = arch_pci_read(self, pci->address, at + MESSAGE_CONTROL, 2);
	struct message guest, message;
	int err;

	control &= ~(MSI_ENABLE | MSI_COUNT);
	arch_pci_write(self, pci->address, at + MESSAGE_CONTROL, 2, control);
	if (!function_is_active(function) || !(pci_get(pci, at + MESSAGE_CONTROL, 2) & MSI_ENABLE))
		return PCI_DONE;

	guest.address = pci_get(pci, at + 4, 4);
	if (msi->is_64bit)
		guest.address |= (uint64_t)pci_get(pci, at + 8, 4) << 32;
	guest.data = pci_get(pci, msi->data, 2);
	err = translate(self, function, 0, &guest, &message);
	if (!err)
		write_msi(self, function, &message, control);
	return result_of(err);
}

static uint64_t entry_at(const struct function *function, uint32_t index)
{
	const struct function_msix *msix = &function->msix;

	return function->config->bars[msix->bar].phys + msix->offset +
	       (uint64_t)index * MSIX_ENTRY_SIZE;
}

static void write_word(struct cpu *self, uint64_t entry, unsigned word, uint32_t value)
{
	window_write(self, entry + 4 * word, 4, value);
}

/* Read back: the write has arrived, and nothing is sent with what comes next (6.8.2.9). */
static void mask_entry(struct cpu *self, uint64_t entry)
{
	write_word(self, entry, VECTOR_CONTROL, VECTOR_MASKED);
	window_read(self, entry + 4 * VECTOR_CONTROL, 4);
}

void function_mask_table(struct cpu *self, const struct function *function)
{
	for (uint32_t i = 0; function->msix.capability && i < function->msix.entries; i++)
		mask_entry(self, entry_at(function, i));
}

static uint32_t msix_control(const struct function *function)
{
	return pci_get(&function->pci, function->msix.capability + MESSAGE_CONTROL, 2);
}

static enum pci_result update_entry(struct cpu *self, const struct function *function,
				    uint32_t index)
{
	const uint32_t *shadow = function->msix.table[index];
	const struct message guest = {shadow[ADDRESS_LOW] | (uint64_t)shadow[ADDRESS_HIGH] << 32,
				      shadow[DATA]};
	uint64_t entry = entry_at(function, index);
	struct message message;
	int err;

	mask_entry(self, entry);
	if (!function_is_active(function) || !(msix_control(function) & MSIX_ENABLE) ||
	    shadow[VECTOR_CONTROL] & VECTOR_MASKED)
		return PCI_DONE;
	err = translate(self, function, index, &guest, &message);
	if (err)
		return result_of(err);
	write_word(self, entry, ADDRESS_LOW, (uint32_t)message.address);
	write_word(self, entry, ADDRESS_HIGH, (uint32_t)(message.address >> 32));
	write_word(self, entry, DATA, message.data);
	write_word(self, entry, VECTOR_CONTROL, 0);
	return PCI_DONE;
}

/* Masked as a whole while entries change; where it is to be tried again it stays so. */
enum pci_result function_update_msix(struct cpu *self, struct function *function)
{
	uint32_t wanted = msix_control(function) & (MSIX_ENABLE | MSIX_MASK_ALL);
	unsigned at = function->msix.capability + MESSAGE_CONTROL;

	if (!function_is_active(function) || !(wanted & MSIX_ENABLE)) {
		arch_pci_write(self, function->pci.address, at, 2, MSIX_MASK_ALL);
		return PCI_DONE;
	}
	arch_pci_write(self, function->pci.address, at, 2, MSIX_ENABLE | MSIX_MASK_ALL);
	for (uint32_t i = 0; i < function->msix.vectors; i++)
		if (update_entry(self, function, i) == PCI_RETRY)
			return PCI_RETRY;
	arch_pci_write(self, function->pci.address, at, 2, wanted);
	return PCI_DONE;
}

bool function_in_table(const struct function *function, unsigned bar, uint64_t offset,
		       unsigned size)
{
	const struct function_msix *msix = &function->msix;

	return msix->capability && bar == msix->bar &&
	       range_overlaps(offset, size, msix->offset, msix->entries * MSIX_ENTRY_SIZE);
}

/* The word of the guest's table at this offset of the BAR; NULL: it has none there. */
static uint32_t *word_at(struct function_msix *msix, uint64_t offset)
{
	uint64_t word = (offset - msix->offset) / 4;

	return word < msix->vectors * 4ull ? &msix->table[word / 4][word % 4] : NULL;
}

uint64_t function_read_table(const struct function *function, uint64_t offset, unsigned size)
{
	struct function_msix *msix = (struct function_msix *)&function->msix;
	uint64_t value = 0;

	if (size < 4 || offset % size || offset < msix->offset)
		return 0;
	for (unsigned i = 0; i < size / 4; i++) {
		const uint32_t *word = word_at(msix, offset + 4 * i);

		value |= word ? (uint64_t)*word << 32 * i : 0;
	}
	return value;
}

enum pci_result function_write_table(struct cpu *self, struct function *function, uint64_t offset,
				     unsigned size, uint64_t value)
{
	static const uint32_t bits[] = {~3u, UINT32_MAX, UINT32_MAX, VECTOR_MASKED};
	struct function_msix *msix = &function->msix;

	if (size < 4 || offset % size || offset < msix->offset || !word_at(msix, offset))
		return PCI_DONE;
	for (unsigned i = 0; i < size / 4; i++) {
		uint32_t *word = word_at(msix, offset + 4 * i);

		*word = (uint32_t)(value >> 32 * i) & bits[((offset - msix->offset) / 4 + i) % 4];
	}
	return update_entry(self, function, (uint32_t)((offset - msix->offset) / MSIX_ENTRY_SIZE));
}
