/* SPDX-License-Identifier: GPL-2.0-only */
/* Requesters of cells, what becomes of a cell whose function does what it may not, and functions
 * that are units. */
#include "core/arch.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/iommu_domain.h"
#include "core/line_limit.h"
#include "core/machine.h"
#include "core/pci_name.h"
#include "core/print.h"

static struct {
	uint16_t requester;
	struct cell *cell;
} bindings[IOMMU_REQUESTERS];
static unsigned num_bindings;

/* The place of its binding; num_bindings: it has none. */
static unsigned find_binding(uint16_t requester)
{
	unsigned i = 0;

	while (i < num_bindings && bindings[i].requester != requester)
		i++;
	return i;
}

const struct cell *iommu_owner(uint16_t requester)
{
	unsigned i = find_binding(requester);

	return i < num_bindings ? bindings[i].cell : NULL;
}

bool iommu_owns_some(uint16_t first, uint16_t last, uint16_t ignored)
{
	for (unsigned i = 0; i < num_bindings; i++)
		if ((bindings[i].requester | ignored) >= (first | ignored) &&
		    (bindings[i].requester | ignored) <= (last | ignored))
			return true;
	return false;
}

int iommu_detach(struct cpu *self, uint16_t requester, struct cellhv_call *call)
{
	unsigned i = find_binding(requester);
	int err;

	if (i == num_bindings)
		return 0;
	err = iommu_attach_all(self, requester, &iommu_root_domain, call);
	if (err)
		return err;
	bindings[i] = bindings[--num_bindings];
	return iommu_recheck(self, call);
}

int iommu_attach(struct cpu *self, uint16_t requester, struct cell *cell, struct cellhv_call *call)
{
	int err;

	if (iommu_dma() == CELLHV_DMA_OPEN)
		return 0;
	if (num_bindings == IOMMU_REQUESTERS)
		return cell_refuse(call, -ENOMEM, CELLHV_CHECK_POOL_EMPTY, 0);
	if (iommu_owner(requester))
		return cell_refuse(call, -EBUSY, CELLHV_CHECK_FUNCTION_OWNED, requester);

	/* Before: interrupts of the root's by this requester are no more. */
	bindings[num_bindings].requester = requester;
	bindings[num_bindings++].cell = cell;
	err = iommu_attach_all(self, requester, &cell->dma, call);
	if (!err)
		err = iommu_recheck(self, call);
	/* The cell goes. */
	if (err) {
		iommu_release(self, requester);
		num_bindings--;
	}
	return err;
}

void iommu_forget_cell(struct cpu *self, const struct cell *cell)
{
	for (unsigned i = num_bindings; i--;) {
		if (bindings[i].cell != cell)
			continue;
		iommu_release(self, bindings[i].requester);
		bindings[i] = bindings[--num_bindings];
	}
}

void iommu_fault(const struct iommu *unit, uint16_t requester, uint64_t address, uint64_t detail)
{
	unsigned i = unit->config->segment ? num_bindings : find_binding(requester);
	struct cell *cell = i < num_bindings ? bindings[i].cell : &root_cell;
	static struct line_limit lines;
	const char *what = detail & CELLHV_FAILURE_DMA_INTERRUPT ? "interrupt"
			   : detail & CELLHV_FAILURE_DMA_WRITE	 ? "write"
								 : "read";

	if (line_limit_allows(&lines))
		print("Function " PCI_NAME " of cell \"%s\": %s at %llx refused\n",
		      PCI_NAME_OF(requester), cell->name, what, (unsigned long long)address);
	if (!cell_is_root(cell) && cell->started)
		cell_fail(cell,
			  &(struct cellhv_failure){CELLHV_FAILURE_DMA, config_cpu(cell->config, 0),
						   0, address, detail | requester});
}

/* VT-d has none, and others' config space than segment 0's nobody reaches. */
static bool has_function(const struct cellhv_iommu *unit, uint32_t address, uint32_t end)
{
	return unit->type == CELLHV_IOMMU_AMD && !unit->segment && unit->function >= address &&
	       unit->function < end;
}

bool iommu_is_function(uint16_t address)
{
	for (uint32_t i = 0; i < machine.system.iommus.count; i++)
		if (has_function(config_iommu(&machine.system, i), address, address + 1u))
			return true;
	return false;
}

uint32_t iommu_took_next(uint32_t address, uint32_t end)
{
	const struct iommu *unit;

	for (unsigned i = 0; (unit = iommu_unit(i)); i++)
		if (unit->use != IOMMU_LINUXS && has_function(unit->config, address, end))
			end = unit->config->function;
	return end;
}
