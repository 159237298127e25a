/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Config space of the hardware, and what of it the root reaches while a cell has a function. It is
 * reached through MMCONFIG alone: CF8 is the root's, which may be about to use it. A function
 * without a page there is no cell's.
 */
#include "arch/x86/machine.h"
#include "arch/x86/pci.h"
#include "arch/x86/permissions.h"
#include "arch/x86/x86.h"
#include "core/arch.h"
#include "core/errno.h"
#include "core/function.h"
#include "core/function_root.h"
#include "core/iommu.h"
#include "core/memory.h"
#include "core/range.h"
#include "core/window.h"

#define CONFIG_TAKEN PCI_BARS /* in pci_function.taken */

bool pci_root_filtered;

/* The first page from `page` on, of config space, that an IOMMU's own function has; or the end. */
static uint64_t next_unit(uint64_t page, uint64_t end)
{
	uint64_t base = machine.system.mmconfig_base;
	uint32_t address = (uint32_t)((page - base) / PCI_CONFIG_PAGE);

	return base + iommu_took_next(address, (uint32_t)((end - base) / PCI_CONFIG_PAGE)) *
			      (uint64_t)PCI_CONFIG_PAGE;
}

static uint64_t mmconfig_end(void)
{
	const struct cellhv_system_config *system = &machine.system;

	return system->mmconfig_base
		       ? system->mmconfig_base + ((system->mmconfig_end_bus + 1ull) << 20)
		       : 0;
}

bool pci_root_protects(uint64_t phys, uint64_t size)
{
	uint64_t page = machine.system.mmconfig_base, end = mmconfig_end();

	for (; page < end; page += PCI_CONFIG_PAGE) {
		page = next_unit(page, end);
		if (page < end && range_overlaps(phys, size, page, PCI_CONFIG_PAGE))
			return true;
	}
	return false;
}

static bool protects_some(void)
{
	return next_unit(machine.system.mmconfig_base, mmconfig_end()) < mmconfig_end();
}

bool pci_root_is_trapped(void)
{
	return pci_root_filtered || root_cell.functions || protects_some();
}

void pci_root_trap_port(void)
{
	if (pci_root_is_trapped())
		port_bitmap_deny(x86_machine.root_port_bitmap, PCI_PORT_DATA, PCI_PORT_SIZE);
	else
		port_bitmap_allow(x86_machine.root_port_bitmap, PCI_PORT_DATA, PCI_PORT_SIZE);
}

uint32_t arch_pci_read(struct cpu *self, uint16_t address, unsigned offset, unsigned size)
{
	uint64_t page = pci_config_page(address);

	return page ? (uint32_t)window_read(self, page + offset, size)
		    : UINT32_MAX >> (32 - 8 * size);
}

void arch_pci_write(struct cpu *self, uint16_t address, unsigned offset, unsigned size,
		    uint32_t value)
{
	uint64_t page = pci_config_page(address);

	if (page)
		window_write(self, page + offset, size, value);
}

void pci_root_native(struct pci_access *access)
{
	uint16_t port = (uint16_t)access->address;

	/* What the address register said may have changed: the root's other CPUs write it, too. */
	if (pci_root_filtered || (access->write && protects_some())) {
		access->value = access->write ? access->value : UINT64_MAX;
		return;
	}
	if (access->write)
		port_write(port, access->size, (uint32_t)access->value);
	else
		access->value = port_read(port, access->size);
}

void pci_root_config(struct cpu *cpu, uint16_t address, unsigned offset, struct pci_access *access)
{
	bool whole = access->size <= 4 && !(offset & (access->size - 1));

	if (!pci_config_page(address)) /* then the access was by the port */
		pci_root_native(access);
	else if (access->write && whole)
		function_root_write(cpu, address, offset, access->size, (uint32_t)access->value);
	else if (!access->write)
		access->value = whole && !function_is_taken(address)
					? arch_pci_read(cpu, address, offset, access->size)
					: UINT64_MAX;
}

/* The first page from `page` on that a virtual function of the root's is at, or an IOMMU's; or the
 * end. Those stay as they are. */
static uint64_t next_apart(uint64_t page, uint64_t end)
{
	for (const struct pci_function *at = root_cell.functions; at; at = at->next) {
		uint64_t other = at->taken[CONFIG_TAKEN] & ~(PAGE_SIZE - 1);

		if (other >= page && other < end)
			end = other;
	}
	return next_unit(page, end);
}

static int change_all(void)
{
	uint64_t page = machine.system.mmconfig_base, end = mmconfig_end(), stop;
	int err = 0;

	for (; page < end && !err; page = stop + PAGE_SIZE) {
		stop = next_apart(page, end);
		if (stop > page)
			err = memory_change_root(page, stop - page, pci_root_access());
	}
	return err;
}

int arch_pci_filter(struct cpu *self, bool on, struct cellhv_call *call)
{
	bool before = pci_root_filtered;
	int err;

	if (on == before)
		return 0;
	pci_root_filtered = on;
	err = change_all();
	if (!err)
		err = memory_settle_root(self, call);
	if (err && on) {
		pci_root_filtered = false;
		change_all();
	} else if (err && err != -ETIMEDOUT) {
		pci_root_filtered = true;
	}
	pci_root_trap_port();
	return err;
}

int arch_pci_hide(struct cpu *self, uint16_t address, bool hidden, struct cellhv_call *call)
{
	uint64_t page = pci_config_page(address);
	int err;

	if (!page)
		return 0;
	err = memory_set_root(self, page, PAGE_SIZE,
			      hidden ? MEMORY_ROOT_HIDDEN : pci_root_access(), call);
	if (err && hidden)
		memory_change_root(page, PAGE_SIZE, pci_root_access());
	return err;
}

int arch_pci_protect(uint16_t address)
{
	uint64_t page = pci_config_page(address);
	uint32_t access =
		iommu_took_function(address) ? PAGING_READ | PAGING_DEVICE : pci_root_access();
	int err = page ? memory_change_root(page, PAGE_SIZE, access) : 0;

	pci_root_trap_port();
	return err;
}
