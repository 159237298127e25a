/* SPDX-License-Identifier: GPL-2.0-only */
/* Physical functions as what cells own. */
#include "core/arch.h"
#include "core/errno.h"
#include "core/function.h"
#include "core/function_root.h"
#include "core/iommu.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/message_registers.h"
#include "core/message_root.h"
#include "core/message_table.h"
#include "core/panic.h"
#include "core/print.h"
#include "core/range.h"
#include "core/resource.h"

struct function *functions_taken;

bool function_is_taken(uint16_t address)
{
	for (const struct function *at = functions_taken; at; at = at->next)
		if (at->pci.address == address)
			return true;
	return false;
}

static bool function_owns_memory(uint64_t phys, uint64_t size)
{
	for (const struct function *at = functions_taken; at; at = at->next) {
		for (unsigned i = 0; i < PCI_BARS; i++) {
			const struct cellhv_bar *bar = &at->config->bars[i];

			if (config_bar_is_memory(bar) &&
			    range_overlaps(phys, size, bar->phys, config_bar_pages(bar)))
				return true;
		}
	}
	return false;
}

/* A range of entries begins at a multiple of its length, which is a power of two. */
static int reserve_interrupts(struct function *function)
{
	uint32_t wanted = function->msix.capability ? function->msix.vectors : 1, count = 1;

	if (iommu_interrupts() != CELLHV_INTERRUPTS_REMAPPED)
		return 0;
	while (count < wanted)
		count *= 2;
	if (iommu_allocate_interrupts(count, &function->first_interrupt))
		return -ENOMEM;
	function->interrupts = count;
	return 0;
}

static int map_part(struct cell *cell, uint64_t phys, uint64_t size)
{
	int err = size ? paging_map(&cell->memory, phys, phys, size,
				    PAGING_READ | PAGING_WRITE | PAGING_DEVICE)
		       : 0;

	return err < 0 ? err : 0;
}

/* All of it but the pages of the table, to which each access exits. */
static int map_bar(struct cell *cell, const struct function *function, unsigned index)
{
	const struct cellhv_bar *bar = &function->config->bars[index];
	uint64_t size = config_bar_pages(bar), table = size, end = size;
	int err;

	if (function->msix.capability && function->msix.bar == index) {
		table = function->msix.offset & ~(PAGE_SIZE - 1);
		end = (function->msix.offset + (uint64_t)function->msix.entries * MSIX_ENTRY_SIZE +
		       PAGE_SIZE - 1) &
		      ~(PAGE_SIZE - 1);
	}
	err = map_part(cell, bar->phys, table);
	return err ? err : map_part(cell, bar->phys + end, size - end);
}

static int reserve_one(struct cell *cell, uint32_t index)
{
	struct function *function = pool_alloc(&machine.pool, 1);
	int err;

	_Static_assert(sizeof(*function) <= PAGE_SIZE, "a function fits a page");
	if (!function)
		return -ENOMEM;

	cell->physical[index] = function;
	function->config = config_function(cell->config, index);
	function->pci.cell = cell;
	function->pci.address = function->config->address;
	function_build(arch_self(), function);
	err = reserve_interrupts(function);
	for (unsigned i = 0; i < PCI_BARS && !err; i++)
		if (config_bar_is_memory(&function->config->bars[i]))
			err = map_bar(cell, function, i);
	return err;
}

static int function_reserve(struct cell *cell)
{
	int err = cell->config->functions.count ? iommu_make_domain(cell) : 0;

	for (uint32_t i = 0; i < cell->config->functions.count && !err; i++)
		err = reserve_one(cell, i);
	return err;
}

static void free_interrupts(struct function *function)
{
	if (function->interrupts)
		iommu_free_interrupts(arch_self(), function->first_interrupt, function->interrupts);
	function->interrupts = 0;
}

static void function_release(struct cell *cell)
{
	for (unsigned i = 0; i < CELLHV_MAX_FUNCTIONS; i++) {
		if (cell->physical[i])
			free_interrupts(cell->physical[i]);
		pool_free(&machine.pool, cell->physical[i], 1);
	}
	iommu_free_domain(cell);
}

/* The root sees them, or does not; all with one flush. */
static int set_bars(struct cpu *self, const struct function *function, uint32_t access,
		    struct cellhv_call *call)
{
	int err = 0, silent;

	for (unsigned i = 0; i < PCI_BARS; i++) {
		const struct cellhv_bar *bar = &function->config->bars[i];
		int result = config_bar_is_memory(bar)
				     ? memory_change_root(bar->phys, config_bar_pages(bar), access)
				     : 0;

		err = err ? err : result;
	}
	silent = memory_settle_root(self, call);
	return err ? err : silent;
}

/* One that functions of the cell share is so once. */
static int attach(struct cpu *self, const struct function *function, struct cellhv_call *call)
{
	struct cell *cell = function->pci.cell;
	int err = 0;

	for (unsigned i = 0; i < function->config->num_requesters && !err; i++)
		if (iommu_owner(function->config->requesters[i]) != cell)
			err = iommu_attach(self, function->config->requesters[i], cell, call);
	return err;
}

static int detach(struct cpu *self, const struct function *function, struct cellhv_call *call)
{
	int err = 0;

	for (unsigned i = 0; i < function->config->num_requesters; i++) {
		int result = iommu_detach(self, function->config->requesters[i], call);

		err = err ? err : result;
	}
	return err;
}

/* May be repeated. All steps, whatever becomes of one; the first error. */
static int return_one(struct cpu *self, struct function *function, struct cellhv_call *call)
{
	int err, bars, hidden;

	err = detach(self, function, call);
	free_interrupts(function);
	bars = set_bars(self, function, MEMORY_ROOT_ACCESS, call);
	hidden = arch_pci_hide(self, function->pci.address, false, call);
	return err ? err : bars ? bars : hidden;
}

/* Before its config space went the root may have changed it once more. */
static int take_one(struct cpu *self, struct function *function, struct cellhv_call *call,
		    uint32_t index)
{
	uint32_t check = function_find_difference(self, function->config);
	int err = 0;

	message_table_forget(function->pci.address);
	if (!check && !function_sizes_are_as_said(self, function))
		check = CELLHV_CHECK_FUNCTION_DIFFERS;
	if (check)
		err = cell_refuse(call, -EINVAL, check, index);
	if (!err)
		err = set_bars(self, function, MEMORY_ROOT_HIDDEN, call);
	if (!err)
		err = attach(self, function, call);
	if (err)
		return_one(self, function, call);
	return err;
}

/* Nobody but this cell has functions. */
static bool is_last(const struct cell *cell)
{
	for (const struct function *at = functions_taken; at; at = at->next)
		if (at->pci.cell != cell)
			return false;
	return true;
}

/* Those that were hidden and not taken, too. */
static void show_all(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < cell->config->functions.count; i++)
		arch_pci_hide(self, cell->physical[i]->pci.address, false, call);
}

/* From here on config space is ours alone, and nothing of them is under way. */
static int hide_all(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	uint32_t count = cell->config->functions.count;
	int err = 0;

	for (uint32_t i = 0; i < count && !err; i++) {
		err = arch_pci_hide(self, cell->physical[i]->pci.address, true, call);
		if (!err)
			function_mute(self, cell->physical[i]);
	}
	if (!err)
		function_await(self, cell->physical, count);
	return err;
}

static void function_fail(struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->functions.count; i++)
		function_silence(arch_self(), cell->physical[i]);
}

static int function_stop(struct cell *cell, struct cellhv_call *call)
{
	(void)call;
	function_fail(cell);
	function_await(arch_self(), cell->physical, cell->config->functions.count);
	return 0;
}

static int function_give_back(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	int first = 0, err;

	function_stop(cell, call);
	for (uint32_t i = 0; i < cell->config->functions.count; i++) {
		err = cell->physical[i]->listed ? return_one(self, cell->physical[i], call) : 0;
		first = first ? first : err;
	}
	if (!cell->config->functions.count || !is_last(cell))
		return first;
	function_root_settle(self);
	err = arch_pci_filter(self, message_root_filters(), call);
	return first ? first : err;
}

static void unlist(struct function *gone)
{
	for (struct function **at = &functions_taken; *at; at = &(*at)->next) {
		if (*at == gone) {
			*at = gone->next;
			break;
		}
	}
	gone->listed = false;
}

static void function_drop(struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->functions.count; i++) {
		unlist(cell->physical[i]);
		pci_remove(&cell->functions, &cell->physical[i]->pci);
	}
}

static void list(struct function *function)
{
	uint16_t address = function->pci.address;

	function->next = functions_taken;
	function->listed = true;
	functions_taken = function;
	pci_insert(&function->pci.cell->functions, &function->pci);
	print("Function " PCI_NAME " is a cell's\n", PCI_NAME_OF(address));
}

static int function_take(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	int err = cell->config->functions.count ? arch_pci_filter(self, true, call) : 0;

	if (!err)
		err = hide_all(self, cell, call);
	for (uint32_t i = 0; i < cell->config->functions.count && !err; i++) {
		err = take_one(self, cell->physical[i], call, i);
		if (!err)
			list(cell->physical[i]);
	}
	if (!err && cell->config->functions.count)
		err = function_check_beside(self, call);
	if (err) {
		function_give_back(self, cell, call);
		show_all(self, cell, call);
		function_drop(cell);
	}
	return err;
}

static void function_start(struct cell *cell)
{
	struct cpu *self = arch_self();

	function_reset_hardware(self, cell->physical, cell->config->functions.count);
	for (uint32_t i = 0; i < cell->config->functions.count; i++) {
		struct function *function = cell->physical[i];

		lock_acquire(&function->lock);
		function_reset_shadow(function);
		/* It decodes from here on, and masters nothing before it is active. */
		function_apply_command(self, function);
		function_mask_table(self, function);
		__atomic_store_n(&function->active, true, __ATOMIC_SEQ_CST);
		function_apply_command(self, function);
		lock_release(&function->lock);
	}
}

static void verify_bar(const struct function *function, const struct cellhv_bar *bar)
{
	for (uint64_t page = bar->phys; page < bar->phys + bar->size; page += PAGE_SIZE)
		if (memory_root_reaches(page))
			panic("the root sees page %llx of a cell's function %x",
			      (unsigned long long)page, function->pci.address);
}

static void function_verify(void)
{
	for (const struct function *at = functions_taken; at; at = at->next) {
		if (pci_find(at->pci.cell->functions, at->pci.address) != &at->pci)
			panic("function %x has another owner than it says", at->pci.address);
		for (unsigned i = 0; i < PCI_BARS; i++)
			if (config_bar_is_memory(&at->config->bars[i]) && !at->pci.cell->ending)
				verify_bar(at, &at->config->bars[i]);
	}
}

const struct resource function_resource = {
	.check = function_check,
	.reserve = function_reserve,
	.take = function_take,
	.start = function_start,
	.stop = function_stop,
	.fail = function_fail,
	.give_back = function_give_back,
	.drop = function_drop,
	.release = function_release,
	.owns_memory = function_owns_memory,
	.verify = function_verify,
};
