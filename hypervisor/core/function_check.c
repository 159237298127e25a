/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a cell may have a function: what the configuration says against what the hardware does.
 */
#include "core/arch.h"
#include "core/errno.h"
#include "core/function.h"
#include "core/iommu.h"
#include "core/machine.h"
#include "core/memory.h"

#define PM_CONTROL 4u
#define PM_STATE 3u

static bool bar_is_as_said(struct cpu *self, const struct cellhv_function *config, unsigned *index)
{
	const struct cellhv_bar *bar = &config->bars[*index];
	uint32_t low = arch_pci_read(self, config->address, PCI_BAR(*index), 4);
	bool io = low & PCI_BAR_IO;
	uint64_t address = low & (io ? ~PCI_BAR_IO_FLAGS : PCI_BAR_ADDRESS);

	if (!io && low & PCI_BAR_64BIT && *index + 1 < PCI_BARS) {
		++*index;
		address |= (uint64_t)arch_pci_read(self, config->address, PCI_BAR(*index), 4) << 32;
		if (config->bars[*index].size)
			return false;
	}
	return address == bar->phys && (!bar->size || io != config_bar_is_memory(bar));
}

uint32_t function_find_difference(struct cpu *self, const struct cellhv_function *config)
{
	if (arch_pci_read(self, config->address, PCI_HEADER_TYPE, 1) & PCI_HEADER_KIND)
		return CELLHV_CHECK_FUNCTION_DIFFERS;
	for (unsigned i = 0; i < PCI_BARS; i++)
		if (!bar_is_as_said(self, config, &i))
			return CELLHV_CHECK_FUNCTION_DIFFERS;
	return function_path_is_as_said(self, config) ? CELLHV_CHECK_NONE
						      : CELLHV_CHECK_FUNCTION_PATH;
}

bool function_sizes_are_as_said(struct cpu *self, const struct function *function)
{
	const struct cellhv_bar *bars = function->config->bars;

	for (unsigned i = 0; i < PCI_BARS; i++)
		if (bars[i].size &&
		    function_size_bar(self, function->pci.address, i) != bars[i].size)
			return false;
	return true;
}

/* A requester has one domain, whoever uses it. */
static bool shares_requester(const struct cellhv_function *one, const struct cellhv_function *other)
{
	for (unsigned i = 0; i < one->num_requesters; i++)
		for (unsigned n = 0; n < other->num_requesters; n++)
			if (one->requesters[i] == other->requesters[n])
				return true;
	return false;
}

static bool is_roots(const struct cellhv_function *config)
{
	for (const struct function *at = functions_taken; at; at = at->next)
		if (at->pci.address == config->address || shares_requester(at->config, config))
			return false;
	return !pci_find(root_cell.functions, config->address) &&
	       !iommu_is_function(config->address);
}

static int check_bars(const struct cellhv_function *config, uint32_t index,
		      struct cellhv_call *call)
{
	for (unsigned i = 0; i < PCI_BARS; i++) {
		const struct cellhv_bar *bar = &config->bars[i];
		uint64_t size = config_bar_pages(bar);

		if (!config_bar_is_memory(bar))
			continue;
		if (!paging_can_map(&root_cell.memory, bar->phys, size))
			return cell_refuse(call, -EINVAL, CELLHV_CHECK_CONFIG_FUNCTION, index);
		if (bar->phys + size > machine.phys_limit)
			return cell_refuse(call, -ERANGE, CELLHV_CHECK_MEMORY_RANGE, bar->phys);
		if (!cell_root_may_give(bar->phys, size))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_MEMORY_OWNED, bar->phys);
	}
	return 0;
}

bool function_is_confined(const struct cell *cell)
{
	return cell->config->flags & CELLHV_CELL_DMA_TRUSTED ||
	       (iommu_dma() != CELLHV_DMA_OPEN && iommu_interrupts() == CELLHV_INTERRUPTS_REMAPPED);
}

/* Nothing of it answers but this register where it sleeps (power management 1.2, 3.2.4). */
static bool answers(struct cpu *self, uint16_t address)
{
	unsigned pm = function_find_capability(self, address, PCI_CAP_PM);

	return arch_pci_read(self, address, PCI_VENDOR, 2) != 0xffff &&
	       !(pm && arch_pci_read(self, address, pm + PM_CONTROL, 2) & PM_STATE);
}

int function_check(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < cell->config->functions.count; i++) {
		const struct cellhv_function *config = config_function(cell->config, i);
		uint32_t check;
		int err;

		if (!is_roots(config))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_FUNCTION_OWNED, i);
		if (!answers(self, config->address))
			return cell_refuse(call, -ENODEV, CELLHV_CHECK_FUNCTION_ABSENT, i);
		check = function_find_difference(self, config);
		if (check)
			return cell_refuse(call, -EINVAL, check, i);
		err = check_bars(config, i, call);
		if (err)
			return err;
		if (!function_is_confined(cell))
			return cell_refuse(call, -EPERM, CELLHV_CHECK_FUNCTION_DMA, i);
	}
	return 0;
}
