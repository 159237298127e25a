/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest sees of a physical function's config space: identity and some capabilities, in a
 * chain of our own. PCI Local Bus Specification 3.0, chapter 6; PCI Express Base Specification 4.0,
 * 7.5 and 7.8.
 */
#include "core/arch.h"
#include "core/function.h"
#include "core/message_registers.h"

#define FIRST_CAPABILITY 0x40u
#define MOST_CAPABILITIES 48u
#define ID_ERRORS 0x01u /* advanced error reporting, 7.8.4 */

static uint32_t read_at(struct cpu *self, const struct function *function, unsigned offset,
			unsigned size)
{
	return arch_pci_read(self, function->pci.address, offset, size);
}

static void set_all(uint8_t *bits, unsigned offset, unsigned size)
{
	for (unsigned i = offset; i < offset + size && i < PCI_CONFIG_SIZE; i++)
		bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << i % 8);
}

/* The state is D0, and stays so: the module has seen to it, and writes go nowhere. */
static bool build_pm(struct cpu *self, struct function *function, unsigned at)
{
	(void)self;
	set_all(function->through, at + 2, 6);
	return true;
}

/* One message: more would want data that count up, which only some remapping can do. */
static bool build_msi(struct cpu *self, struct function *function, unsigned at)
{
	uint32_t control = read_at(self, function, at + MESSAGE_CONTROL, 2);
	struct function_msi *msi = &function->msi;
	struct pci_function *pci = &function->pci;

	if (msi->capability || at + MSI_SIZE_MAX > PCI_CONFIG_SIZE)
		return false;
	msi->capability = (uint16_t)at;
	msi->is_64bit = control & MSI_64BIT;
	msi->data = (uint16_t)(at + msi_data(control));
	pci_set(pci, at + MESSAGE_CONTROL, 2, control & (MSI_64BIT | MSI_MASKABLE));
	pci_allow(pci, at + MESSAGE_CONTROL, 2, MSI_ENABLE);
	pci_allow(pci, at + MSI_ADDRESS, 4, ~3u);
	if (msi->is_64bit)
		pci_allow(pci, at + MSI_ADDRESS_HIGH, 4, UINT32_MAX);
	pci_allow(pci, msi->data, 2, 0xffff);
	if (control & MSI_MASKABLE) {
		msi->mask = (uint16_t)(msi->data + 4);
		pci_allow(pci, msi->mask, 4, 1);
		set_all(function->through, msi->mask + 4, 1);
	}
	return true;
}

static bool build_msix(struct cpu *self, struct function *function, unsigned at)
{
	uint32_t control = read_at(self, function, at + MESSAGE_CONTROL, 2);
	uint32_t table = read_at(self, function, at + MSIX_TABLE, 4);
	struct function_msix *msix = &function->msix;
	uint64_t size = MSIX_ENTRIES(control) * (uint64_t)MSIX_ENTRY_SIZE;

	if (msix->capability || (table & MSIX_BAR) >= PCI_BARS ||
	    !config_bar_is_memory(&function->config->bars[table & MSIX_BAR]) ||
	    (table & ~MSIX_BAR) + size > function->config->bars[table & MSIX_BAR].size)
		return false;
	msix->capability = (uint16_t)at;
	msix->bar = table & MSIX_BAR;
	msix->offset = table & ~MSIX_BAR;
	msix->entries = MSIX_ENTRIES(control);
	msix->vectors = msix->entries < FUNCTION_VECTORS ? msix->entries : FUNCTION_VECTORS;
	pci_set(&function->pci, at + MESSAGE_CONTROL, 2, msix->vectors - 1);
	pci_allow(&function->pci, at + MESSAGE_CONTROL, 2, MSIX_ENABLE | MSIX_MASK_ALL);
	set_all(function->through, at + 4, 8);
	return true;
}

/* Its length is in it (6.8, appendix H). */
static bool build_vendor(struct cpu *self, struct function *function, unsigned at)
{
	unsigned length = read_at(self, function, at + 2, 1);

	if (!(function->config->flags & CELLHV_FUNCTION_VENDOR_CONFIG) || length < 3 ||
	    at + length > PCI_CONFIG_SIZE)
		return false;
	set_all(function->through, at + 2, length - 2);
	set_all(function->forwarded, at + 2, length - 2);
	return true;
}

/* Version 1 has no second set of registers (7.5.3.2). */
static bool build_pcie(struct cpu *self, struct function *function, unsigned at)
{
	unsigned version = read_at(self, function, at + 2, 1) & 0xf;
	unsigned length = version < 2 ? 0x14 : 0x3c;

	if (function->pcie || at + length > PCI_CONFIG_SIZE)
		return false;
	function->pcie = (uint16_t)at;
	set_all(function->through, at + 2, length - 2);
	return true;
}

static const struct {
	uint8_t id;
	bool (*build)(struct cpu *self, struct function *function, unsigned at);
} capabilities[] = {
	{PCI_CAP_PM, build_pm},	    {PCI_CAP_MSI, build_msi},	{PCI_CAP_VENDOR, build_vendor},
	{PCI_CAP_PCIE, build_pcie}, {PCI_CAP_MSIX, build_msix},
};

static bool build_capability(struct cpu *self, struct function *function, unsigned at)
{
	unsigned id = read_at(self, function, at, 1);

	for (unsigned i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		if (capabilities[i].id == id)
			return capabilities[i].build(self, function, at);
	return false;
}

static void build_chain(struct cpu *self, struct function *function)
{
	unsigned at = read_at(self, function, PCI_CAPABILITIES, 1) & 0xfcu;
	unsigned link = PCI_CAPABILITIES;

	if (!(read_at(self, function, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
		return;
	for (unsigned n = 0; n < MOST_CAPABILITIES && at >= FIRST_CAPABILITY; n++) {
		if (build_capability(self, function, at)) {
			pci_set(&function->pci, link, 1, at);
			pci_set(&function->pci, at, 1, read_at(self, function, at, 1));
			link = at + 1;
		}
		at = read_at(self, function, at + 1, 1) & 0xfcu;
	}
}

static void build_header(struct cpu *self, struct function *function)
{
	struct pci_function *pci = &function->pci;

	set_all(function->through, PCI_VENDOR, 4);
	set_all(function->through, PCI_STATUS, 7); /* revision, class, cache line */
	set_all(function->through, PCI_HEADER_TYPE, 1);
	set_all(function->through, PCI_SUBSYSTEM, 4);
	pci_allow(pci, PCI_COMMAND, 2,
		  PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF);
	pci_allow(pci, PCI_INTERRUPT_LINE, 1, 0xff);
	if (function->config->flags & CELLHV_FUNCTION_PIN)
		set_all(function->through, PCI_INTERRUPT_PIN, 1);
	for (unsigned i = 0; i < PCI_BARS; i++)
		if (function->config->bars[i].size)
			pci_add_bar(pci, i, function->config->bars[i].size,
				    read_at(self, function, PCI_BAR(i), 4));
}

void function_build(struct cpu *self, struct function *function)
{
	function->pci.ops = &function_ops;
	build_header(self, function);
	build_chain(self, function);
	function->errors = (uint16_t)function_find_extended(self, function->pci.address, ID_ERRORS);
	function_reset_shadow(function);
}
