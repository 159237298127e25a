/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/pci.h"

#include "arch/x86/machine.h"
#include "arch/x86/msi.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/control.h"
#include "core/errno.h"
#include "core/memory.h"
#include "core/message_table.h"
#include "core/print.h"
#include "core/range.h"

#define ADDRESS_ENABLE (1u << 31)
#define PAGE_WAS_MAPPED 1ull /* in pci_function.taken */
#define CONFIG_TAKEN PCI_BARS

/*
 * What the root has may change while its CPUs run; so it accesses it under the management lock. A
 * cell's functions only change while none of its CPUs runs.
 */
static bool pci_begin(const struct cpu *cpu)
{
	return !cell_is_root(cpu->cell) || control_try_lock();
}

static void pci_end(const struct cpu *cpu)
{
	if (cell_is_root(cpu->cell))
		control_unlock();
}

uint64_t pci_config_page(uint16_t address)
{
	const struct cellhv_system_config *system = &machine.system;

	if (!system->mmconfig_base || (address >> 8) > system->mmconfig_end_bus)
		return 0;
	return system->mmconfig_base + (uint64_t)address * PCI_CONFIG_PAGE;
}

bool pci_in_mmconfig(uint64_t guest)
{
	const struct cellhv_system_config *system = &machine.system;
	uint64_t size = (system->mmconfig_end_bus + 1ull) << 20;

	return system->mmconfig_base && guest >= system->mmconfig_base &&
	       guest - system->mmconfig_base < size;
}

bool arch_pci_took(uint64_t phys, uint64_t size)
{
	const struct cellhv_system_config *system = &machine.system;

	if ((pci_root_filtered && range_overlaps(phys, size, system->mmconfig_base,
						 (system->mmconfig_end_bus + 1ull) << 20)) ||
	    pci_root_protects(phys, size))
		return true;
	for (const struct pci_function *function = root_cell.functions; function;
	     function = function->next) {
		for (unsigned i = 0; i < PCI_BARS + 1; i++) {
			uint64_t page = function->taken[i] & ~PAGE_WAS_MAPPED;

			if (page && range_overlaps(phys, size, page, PAGE_SIZE))
				return true;
		}
	}
	return false;
}

static int pci_release_page(struct cpu *self, uint64_t *taken, struct cellhv_call *call)
{
	uint64_t page = *taken & ~PAGE_WAS_MAPPED;
	int err = 0;

	if (*taken & PAGE_WAS_MAPPED)
		err = memory_set_root(
			self, page, PAGE_SIZE,
			pci_in_mmconfig(page) ? pci_root_access() : MEMORY_ROOT_ACCESS, call);
	/* Where a CPU is silent the root has it all the same, and that CPU will see it. */
	if (err != -ENOMEM)
		*taken = 0;
	return err;
}

/*
 * Nothing that another trap is there for already, or that is not the root's. MMCONFIG is nobody's,
 * and may be trapped as a whole.
 */
static int pci_take_page(struct cpu *self, uint64_t *taken, uint64_t page, struct cellhv_call *call)
{
	struct paging_translation found;
	int err;

	if (page == XAPIC_BASE || (!pci_in_mmconfig(page) && !cell_root_owns(page, PAGE_SIZE)))
		return 0;

	*taken = page;
	if (paging_lookup(&root_cell.memory, page, &found))
		*taken |= PAGE_WAS_MAPPED;
	err = memory_set_root(self, page, PAGE_SIZE, 0, call);
	if (err)
		pci_release_page(self, taken, call);
	return err;
}

/*
 * The root has put a BAR elsewhere: its page is trapped, the former one is seen again. Not on the
 * stack of those accesses that have no need of it.
 */
static __attribute__((noinline)) void pci_root_follow(struct cpu *self,
						      struct pci_function *function)
{
	struct cellhv_call call = {0};

	for (unsigned bar = 0; bar < PCI_BARS; bar++) {
		uint64_t page = pci_bar_address(function, bar) & ~(PAGE_SIZE - 1);
		uint64_t *taken = &function->taken[bar];
		int err = 0;

		if ((*taken & ~PAGE_WAS_MAPPED) == page)
			continue;
		if (*taken)
			err = pci_release_page(self, taken, &call);
		if (!err && page)
			err = pci_take_page(self, taken, page, &call);
		if (err)
			print("PCI function " PCI_NAME ": BAR %u cannot be served at %llx\n",
			      PCI_NAME_OF(function->address), bar, (unsigned long long)page);
	}
}

/* Of a function that is not the guest's: all ones, but for the root the hardware. */
static enum pci_result pci_config(struct cpu *cpu, uint16_t address, unsigned offset,
				  struct pci_access *access)
{
	struct pci_function *function = pci_find(cpu->cell->functions, address);
	enum pci_result result;

	if (!function && cell_is_root(cpu->cell)) {
		pci_root_config(cpu, address, offset, access);
		return PCI_DONE;
	}
	if (!function) {
		access->value = access->write ? access->value : UINT64_MAX;
		return PCI_DONE;
	}
	if (!access->write) {
		access->value = pci_config_read(cpu, function, offset, access->size);
		return PCI_DONE;
	}
	result = pci_config_write(cpu, function, offset, access->size, (uint32_t)access->value);
	if (cell_is_root(cpu->cell))
		pci_root_follow(cpu, function);
	return result;
}

/* The root writes the address register itself: it is in the hardware. */
enum pci_result pci_port(struct cpu *cpu, struct pci_access *access)
{
	bool root = cell_is_root(cpu->cell);
	uint32_t address = root ? port_read(PCI_PORT_ADDRESS, 4) : cpu->arch->config_address;
	unsigned offset = (address & 0xfc) + (unsigned)(access->address & 3);
	enum pci_result result;

	if (!(address & ADDRESS_ENABLE)) {
		if (root)
			pci_root_native(access);
		else if (!access->write)
			access->value = UINT32_MAX;
		return PCI_DONE;
	}
	/* AMD processors have the upper bits of longer offsets there (BKDG, IOCF8). */
	if (root)
		offset |= address >> 16 & 0xf00;
	if (!pci_begin(cpu))
		return PCI_RETRY;
	result = pci_config(cpu, (uint16_t)(address >> 8), offset, access);
	pci_end(cpu);
	return result;
}

static enum pci_result pci_mmconfig(struct cpu *cpu, struct pci_access *access)
{
	uint64_t offset = access->address - machine.system.mmconfig_base;

	return pci_config(cpu, (uint16_t)(offset / PCI_CONFIG_PAGE),
			  (unsigned)(offset % PCI_CONFIG_PAGE), access);
}

/* The root's messages, in the BAR of a physical function. */
static enum pci_result pci_table(struct cpu *cpu, const struct pci_access *access)
{
	if (!cell_is_root(cpu->cell) || !access->write ||
	    !message_table_meets(access->address, access->size))
		return PCI_REFUSED;
	message_table_write(cpu, access->address, access->size, access->value);
	return PCI_DONE;
}

static enum pci_result pci_bar(struct cpu *cpu, struct pci_access *access)
{
	struct pci_function *function;
	uint64_t offset;
	unsigned bar;

	function = pci_find_bar(cpu->cell->functions, access->address, &bar, &offset);
	if (!function)
		return pci_table(cpu, access);
	if (offset + access->size > function->bar_size[bar])
		return PCI_REFUSED;

	if (access->write)
		return function->ops->write(cpu, function, bar, offset, access->size,
					    access->value);
	return function->ops->read(cpu, function, bar, offset, access->size, &access->value);
}

enum pci_result pci_memory(struct cpu *cpu, struct pci_access *access)
{
	enum pci_result result = PCI_REFUSED;

	if (!pci_begin(cpu))
		return PCI_RETRY;
	if (!pci_in_mmconfig(access->address))
		result = pci_bar(cpu, access);
	else if (!cell_is_root(cpu->cell) || arch_pci_took(access->address, 1))
		result = pci_mmconfig(cpu, access);
	pci_end(cpu);
	return result;
}

int arch_pci_attach(struct cpu *self, struct pci_function *function, struct cellhv_call *call)
{
	uint64_t page = pci_config_page(function->address);
	int err = page ? pci_take_page(self, &function->taken[CONFIG_TAKEN], page, call) : 0;

	if (err)
		return err;

	msi_find_remapping(self);
	pci_insert(&root_cell.functions, function);
	pci_root_trap_port();
	return 0;
}

int arch_pci_detach(struct cpu *self, struct pci_function *function, struct cellhv_call *call)
{
	int err = 0;

	/* Tables for these pages are there, so no page of the pool is needed. */
	for (unsigned i = 0; i < PCI_BARS + 1; i++) {
		int failed = pci_release_page(self, &function->taken[i], call);

		err = err ? err : failed;
	}
	pci_remove(&root_cell.functions, function);
	if (!root_cell.functions)
		msi_forget_remapping();
	pci_root_trap_port();
	return err;
}
