/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest's accesses to a physical function. */
#include "core/function.h"

#include "core/arch.h"
#include "core/message_registers.h"
#include "core/range.h"
#include "core/window.h"

#define STATUS_ERRORS 0xf900u /* 6.2.3: written ones clear them */
#define PCIE_CONTROL 8u
#define PCIE_RESET 0x80u /* in the upper byte */
#define PCIE_STATUS 10u
#define PCIE_STATUS_ERRORS 0x0fu
#define PCIE_CAN_RESET (1u << 28)

#define EXTENDED_FIRST 0x100u
#define ERRORS_SIZE 0x48u /* PCIe 7.8.4, with TLP prefixes */

void function_reset_shadow(struct function *function)
{
	struct pci_function *pci = &function->pci;

	pci_reset(pci);
	for (unsigned i = 0; i < PCI_BARS; i++) {
		const struct cellhv_bar *bar = &function->config->bars[i];
		uint32_t kind = pci_get(pci, PCI_BAR(i), 4);

		if (!bar->size)
			continue;
		pci_set(pci, PCI_BAR(i), 4, (uint32_t)bar->phys | kind);
		if (!(kind & PCI_BAR_IO) && kind & PCI_BAR_64BIT)
			pci_set(pci, PCI_BAR(i + 1), 4, bar->phys >> 32);
	}
	for (unsigned i = 0; i < FUNCTION_VECTORS; i++) {
		function->msix.table[i][0] = function->msix.table[i][1] = 0;
		function->msix.table[i][2] = 0;
		function->msix.table[i][3] = 1; /* masked */
	}
}

static uint32_t bits_of(const uint8_t *bytes, unsigned offset, unsigned size)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < size; i++)
		if (bytes[(offset + i) / 8] >> (offset + i) % 8 & 1)
			mask |= 0xffu << 8 * i;
	return mask;
}

/*
 * Of the extended space it sees the registers of errors alone. Where they are not the first there
 * is a capability without meaning (id 0; PCIe 7.9.28) that leads to them.
 */
static uint32_t read_extended(struct cpu *self, const struct function *function, unsigned offset,
			      unsigned size)
{
	unsigned at = function->errors;
	uint32_t value;

	if (!at)
		return 0;
	if (at != EXTENDED_FIRST && offset >= EXTENDED_FIRST && offset < EXTENDED_FIRST + 4) {
		value = ((uint32_t)at << 20 | 0x10000) >> 8 * (offset & 3);
		return value & UINT32_MAX >> (32 - 8 * size);
	}
	if (offset < at || offset >= at + ERRORS_SIZE)
		return 0;
	value = arch_pci_read(self, function->pci.address, offset, size);
	/* It is the last: next is in bits 20-31. */
	if (offset < at + 4)
		value &= 0x000fffffu >> 8 * (offset - at);
	return value;
}

static uint32_t function_config_read(struct cpu *self, const struct pci_function *pci,
				     unsigned offset, unsigned size)
{
	const struct function *function = (const struct function *)pci;
	uint32_t value, mask;

	if (offset >= PCI_CONFIG_SIZE)
		return read_extended(self, function, offset, size);
	value = pci_get(pci, offset, size);
	mask = bits_of(function->through, offset, size);
	if (mask)
		value = (value & ~mask) | (arch_pci_read(self, pci->address, offset, size) & mask);
	return value;
}

/* An access of the guest's to config space. */
struct write {
	unsigned offset, size;
	uint32_t value;
};

static bool touches(const struct write *write, unsigned offset, unsigned size)
{
	return range_overlaps(write->offset, write->size, offset, size);
}

/* The byte that it writes there; 0 where it writes none. */
static uint32_t byte_of(const struct write *write, unsigned offset)
{
	return touches(write, offset, 1) ? write->value >> 8 * (offset - write->offset) & 0xff : 0;
}

static void clear_errors(struct cpu *self, const struct function *function,
			 const struct write *write, unsigned offset, uint32_t errors)
{
	uint32_t value = byte_of(write, offset) | byte_of(write, offset + 1) << 8;

	if (value & errors)
		arch_pci_write(self, function->pci.address, offset, 2, value & errors);
}

static void forward(struct cpu *self, const struct function *function, const struct write *write)
{
	uint32_t mask = bits_of(function->forwarded, write->offset, write->size);

	uint32_t whole = write->size == 4 ? UINT32_MAX : (1u << 8 * write->size) - 1;

	if (mask == whole) {
		arch_pci_write(self, function->pci.address, write->offset, write->size,
			       write->value);
		return;
	}
	for (unsigned i = 0; i < write->size; i++)
		if (mask >> 8 * i & 1)
			arch_pci_write(self, function->pci.address, write->offset + i, 1,
				       byte_of(write, write->offset + i));
}

/* The reset is done here, for it also takes what only we may set. */
static void reset_if_asked(struct cpu *self, struct function *function, const struct write *write)
{
	if (!(byte_of(write, function->pcie + PCIE_CONTROL + 1) & PCIE_RESET) ||
	    !(arch_pci_read(self, function->pci.address, function->pcie + 4, 4) & PCIE_CAN_RESET))
		return;
	function_reset_hardware(self, &function, 1);
	function_reset_shadow(function);
	function_mask_table(self, function);
	function_apply_command(self, function);
}

static enum pci_result written(struct cpu *self, struct function *function,
			       const struct write *write)
{
	enum pci_result result = PCI_DONE;

	if (touches(write, PCI_COMMAND, 2))
		function_apply_command(self, function);
	clear_errors(self, function, write, PCI_STATUS, STATUS_ERRORS);
	forward(self, function, write);
	if (function->pcie) {
		clear_errors(self, function, write, function->pcie + PCIE_STATUS,
			     PCIE_STATUS_ERRORS);
		reset_if_asked(self, function, write);
	}
	if (function->msi.capability && touches(write, function->msi.capability, MSI_SIZE_MAX))
		result = function_update_msi(self, function);
	if (function->msix.capability &&
	    touches(write, function->msix.capability + MESSAGE_CONTROL, 2))
		result = function_update_msix(self, function);
	return result;
}

void function_silence(struct cpu *self, struct function *function)
{
	bool locked;

	__atomic_store_n(&function->active, false, __ATOMIC_SEQ_CST);
	locked = lock_try(&function->lock);
	function_mute(self, function);
	if (locked)
		lock_release(&function->lock);
}

/* Its cell has failed while we had it, and whoever said so did not wait for us? */
static void let_go(struct cpu *self, struct function *function, bool was_active)
{
	lock_release(&function->lock);
	if (was_active && !function_is_active(function))
		function_silence(self, function);
}

static enum pci_result function_config_write(struct cpu *self, struct pci_function *pci,
					     unsigned offset, unsigned size, uint32_t value)
{
	struct function *function = (struct function *)pci;
	const struct write write = {offset, size, value};
	enum pci_result result = PCI_DONE;
	bool active;

	if (offset >= PCI_CONFIG_SIZE)
		return PCI_DONE;
	if (!lock_try(&function->lock))
		return PCI_RETRY;
	active = function_is_active(function);
	pci_shadow_write(pci, offset, size, value);
	if (active)
		result = written(self, function, &write);
	let_go(self, function, active);
	return result;
}

/* Registers are accessed as they are aligned; what is not finds nothing. */
static bool is_plain(uint64_t offset, unsigned size)
{
	return !(offset & (size - 1));
}

static enum pci_result function_read(struct cpu *self, struct pci_function *pci, unsigned bar,
				     uint64_t offset, unsigned size, uint64_t *value)
{
	const struct function *function = (const struct function *)pci;

	*value = 0;
	if (function_in_table(function, bar, offset, size))
		*value = function_read_table(function, offset, size);
	else if (is_plain(offset, size))
		*value = window_read(self, function->config->bars[bar].phys + offset, size);
	return PCI_DONE;
}

static enum pci_result function_write(struct cpu *self, struct pci_function *pci, unsigned bar,
				      uint64_t offset, unsigned size, uint64_t value)
{
	struct function *function = (struct function *)pci;
	enum pci_result result;
	bool active;

	if (!function_in_table(function, bar, offset, size)) {
		if (is_plain(offset, size))
			window_write(self, function->config->bars[bar].phys + offset, size, value);
		return PCI_DONE;
	}
	if (!lock_try(&function->lock))
		return PCI_RETRY;
	active = function_is_active(function);
	result = function_write_table(self, function, offset, size, value);
	let_go(self, function, active);
	return result;
}

const struct pci_ops function_ops = {function_config_read, function_config_write, function_read,
				     function_write};
