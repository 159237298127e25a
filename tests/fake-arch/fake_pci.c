/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Virtual functions of the root's: each takes its page of configuration space. */
#include "core/arch.h"
#include "core/errno.h"
#include "core/memory.h"
#include "core/range.h"
#include "core/resource.h"
#include "fake.h"

static uint64_t config_page(const struct pci_function *function)
{
	uint64_t offset = function->address * (uint64_t)PCI_CONFIG_PAGE;

	return offset < FAKE_DEVICE_SIZE ? FAKE_MMCONFIG + offset : 0;
}

bool fake_change_fails(void)
{
	return ++fake.changes == fake.failing_change;
}

int arch_pci_attach(struct cpu *self, struct pci_function *function, struct cellhv_call *call)
{
	uint64_t page = config_page(function);
	int err = 0;

	if (pci_find(root_cell.functions, function->address))
		fake_broken("two functions at %x", function->address);
	if (fake_change_fails())
		return cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, 77);
	if (page && !resource_owns_memory(page, PAGE_SIZE)) {
		err = memory_set_root(self, page, PAGE_SIZE, 0, call);
		function->taken[0] = page;
	}
	if (err) {
		memory_set_root(self, page, PAGE_SIZE, MEMORY_ROOT_ACCESS, call);
		return err;
	}
	pci_insert(&root_cell.functions, function);
	return 0;
}

int arch_pci_detach(struct cpu *self, struct pci_function *function, struct cellhv_call *call)
{
	uint64_t page = function->taken[0];
	int err = 0;

	if (pci_find(root_cell.functions, function->address) != function)
		return 0;
	if (page)
		err = memory_set_root(
			self, page, PAGE_SIZE,
			fake_filtered ? PAGING_READ | PAGING_DEVICE : MEMORY_ROOT_ACCESS, call);
	function->taken[0] = 0;
	pci_remove(&root_cell.functions, function);
	return fake_change_fails() ? cell_refuse(call, -ETIMEDOUT, CELLHV_CHECK_CPU_SILENT, 77)
				   : err;
}

bool arch_pci_took(uint64_t phys, uint64_t size)
{
	for (const struct pci_function *function = root_cell.functions; function;
	     function = function->next)
		if (function->taken[0] &&
		    range_overlaps(phys, size, function->taken[0], PCI_CONFIG_PAGE))
			return true;
	return false;
}

void arch_send_message(struct cpu *self, const struct pci_function *function, uint64_t address,
		       uint32_t data)
{
	(void)self, (void)address, (void)data;
	fake.message_cell = function->cell;
	fake.messages++;
}
