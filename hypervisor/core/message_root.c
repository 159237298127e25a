/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/message_root.h"

#include "core/arch.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/function.h"
#include "core/function_root.h"
#include "core/iommu.h"
#include "core/machine.h"
#include "core/message_registers.h"
#include "core/message_table.h"
#include "core/print.h"
#include "core/range.h"
#include "core/resource.h"

/* PCI Express Base Specification 5.0, 9.3.3 */
#define VIRTUAL_ENABLE 0x0001u
#define VIRTUAL_TOTAL 0x0eu /* how many there may be, and are */
#define VIRTUAL_COUNT 0x10u
#define VIRTUAL_FIRST 0x14u /* from the function to the first, from each to the next */
#define VIRTUAL_STRIDE 0x16u

static bool filtering;

bool message_root_filters(void)
{
	return filtering;
}

/* Units that are not ours are Linux's: what its messages mean is in tables that nobody looks at. */
static bool is_possible(void)
{
	return machine.system.mmconfig_base &&
	       (!machine.system.iommus.count || iommu_dma() != CELLHV_DMA_OPEN);
}

enum cellhv_interrupts message_root_interrupts(void)
{
	if (iommu_interrupts() == CELLHV_INTERRUPTS_REMAPPED)
		return CELLHV_INTERRUPTS_REMAPPED;
	return is_possible() ? CELLHV_INTERRUPTS_MESSAGES : CELLHV_INTERRUPTS_OPEN;
}

static void complain(struct cpu *self, uint16_t address, const char *what)
{
	if (cpu_may_complain(self))
		print("Function " PCI_NAME
		      ": its messages are not for CPUs of the root alone: %s\n",
		      PCI_NAME_OF(address), what);
}

/* ---- Config space ---- */

/* The capability as it would be; a write of no bytes leaves it as it is. */
static bool msi_is_allowed(struct cpu *self, uint16_t address, unsigned msi,
			   const struct function_write *write)
{
	uint32_t control = function_write_after(self, address, write, msi) >> 16;
	uint64_t to = function_write_after(self, address, write, msi + MSI_ADDRESS);
	unsigned data = msi + msi_data(arch_pci_read(self, address, msi + MESSAGE_CONTROL, 2));

	if (!(control & MSI_ENABLE))
		return true;
	if (data > msi + MSI_ADDRESS_HIGH)
		to |= (uint64_t)function_write_after(self, address, write, msi + MSI_ADDRESS_HIGH)
		      << 32;
	return arch_message_is_roots(to, function_write_after(self, address, write, data) & 0xffff,
				     1u << ((control & MSI_COUNT) >> MSI_COUNT_SHIFT));
}

/* A virtual function says of itself neither that it is there nor that it decodes (9.3.4.1). */
static bool decodes(struct cpu *self, uint16_t address, const struct function_write *write)
{
	return arch_pci_read(self, address, PCI_VENDOR, 2) == 0xffff ||
	       function_write_after(self, address, write, PCI_COMMAND) & PCI_COMMAND_MEMORY;
}

static bool msix_is_on(struct cpu *self, uint16_t address, unsigned msix,
		       const struct function_write *write)
{
	return function_write_after(self, address, write, msix) >> 16 & MSIX_ENABLE &&
	       decodes(self, address, write);
}

/* Nor does the table move while it is in use. */
static bool msix_is_allowed(struct cpu *self, uint16_t address, unsigned msix,
			    const struct function_write *write)
{
	struct cellhv_call call = {0};

	if (!msix_is_on(self, address, msix, write))
		return true;
	if (range_overlaps(write->offset, write->size, message_table_bar(self, address, msix), 8))
		return false;
	return !message_table_protect(self, address, msix, &call);
}

/* Those that there are have been looked at; no others appear. */
static bool virtuals_are_allowed(struct cpu *self, uint16_t address,
				 const struct function_write *write)
{
	unsigned at = function_find_extended(self, address, PCI_EXTENDED_VIRTUAL);

	if (!at)
		return true;
	at += PCI_VIRTUAL_CONTROL;
	return !(function_write_after(self, address, write, at) & VIRTUAL_ENABLE) ||
	       arch_pci_read(self, address, at, 2) & VIRTUAL_ENABLE;
}

bool message_root_allows(struct cpu *self, uint16_t address, const struct function_write *write)
{
	unsigned msi, msix;

	if (!filtering || pci_find(root_cell.functions, address))
		return true;
	msi = function_find_capability(self, address, PCI_CAP_MSI);
	if (msi && range_overlaps(write->offset, write->size, msi, MSI_SIZE_MAX) &&
	    !msi_is_allowed(self, address, msi, write)) {
		complain(self, address, "not written");
		return false;
	}
	if (write->offset >= PCI_CONFIG_SIZE) {
		if (virtuals_are_allowed(self, address, write))
			return true;
		complain(self, address, "no virtual ones are enabled");
		return false;
	}
	msix = function_find_capability(self, address, PCI_CAP_MSIX);
	if (msix && !msix_is_allowed(self, address, msix, write)) {
		complain(self, address, "not turned on");
		return false;
	}
	return true;
}

/* ---- All functions of the root's ---- */

static void turn_off(struct cpu *self, uint16_t address, unsigned capability, uint32_t enable)
{
	uint32_t control = arch_pci_read(self, address, capability + MESSAGE_CONTROL, 2);

	complain(self, address, "turned off");
	arch_pci_write(self, address, capability + MESSAGE_CONTROL, 2, control & ~enable);
}

/* A table that is nowhere is turned off; the others' errors are the call's. */
static int look_at(struct cpu *self, uint16_t address, struct cellhv_call *call)
{
	static const struct function_write nothing;
	unsigned msi = function_find_capability(self, address, PCI_CAP_MSI);
	unsigned msix = function_find_capability(self, address, PCI_CAP_MSIX);
	int err = 0;

	if (msi && !msi_is_allowed(self, address, msi, &nothing))
		turn_off(self, address, msi, MSI_ENABLE);
	if (msix && msix_is_on(self, address, msix, &nothing))
		err = message_table_protect(self, address, msix, call);
	if (err != -EPERM)
		return err;
	turn_off(self, address, msix, MSIX_ENABLE);
	return 0;
}

/* A table of theirs is nowhere: where their BARs are is said by the function that they are of. */
static int look_at_virtuals(struct cpu *self, uint16_t address, struct cellhv_call *call)
{
	unsigned at = function_find_extended(self, address, PCI_EXTENDED_VIRTUAL);
	uint32_t count, total, at_address = address;
	int err = 0;

	if (!at || !(arch_pci_read(self, address, at + PCI_VIRTUAL_CONTROL, 2) & VIRTUAL_ENABLE))
		return 0;
	count = arch_pci_read(self, address, at + VIRTUAL_COUNT, 2);
	total = arch_pci_read(self, address, at + VIRTUAL_TOTAL, 2);
	at_address += arch_pci_read(self, address, at + VIRTUAL_FIRST, 2);
	for (uint32_t n = 0; n < count && n < total && !err; n++) {
		if (!function_is_taken((uint16_t)at_address))
			err = look_at(self, (uint16_t)at_address, call);
		at_address += arch_pci_read(self, address, at + VIRTUAL_STRIDE, 2);
	}
	return err;
}

static bool others_exist(const struct cell *cell)
{
	for (const struct cell *at = cells; at; at = at->next)
		if (at != cell)
			return true;
	return false;
}

static int message_give_back(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	int err;

	if (!filtering || others_exist(cell))
		return 0;
	err = message_table_release(self, call);
	if (err)
		return err;
	filtering = false;
	return functions_taken ? 0 : arch_pci_filter(self, false, call);
}

/* A cell that is the first has the filter begin with it. */
static int message_take(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	uint32_t end = (machine.system.mmconfig_end_bus + 1u) << 8;
	int err;

	if (message_root_interrupts() != CELLHV_INTERRUPTS_MESSAGES)
		return 0;
	err = arch_pci_filter(self, true, call);
	if (err)
		return err;
	filtering = true;
	for (uint32_t at = function_next(self, 0, end); at < end && !err;
	     at = function_next(self, at + 1, end)) {
		if (!function_is_taken((uint16_t)at))
			err = look_at(self, (uint16_t)at, call);
		if (!err)
			err = look_at_virtuals(self, (uint16_t)at, call);
	}
	if (err)
		message_give_back(self, cell, call);
	return err;
}

static void message_verify(void)
{
	message_table_verify();
}

const struct resource message_resource = {
	.take = message_take,
	.give_back = message_give_back,
	.verify = message_verify,
};
