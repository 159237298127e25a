// SPDX-License-Identifier: LGPL-2.1-or-later
#include "desc/device.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <core/pci_name.h>

#include "base/blob.h"
#include "base/range.h"
#include "desc/rival.h"
#include "host/pci_judge.h"

struct resolving {
	cell_desc *desc;
	const cell_host *host;
	const struct pci *pci;
	const struct inventory *inventory;
	size_t index;
	const struct pci_function *function;
	char pointer[DOCUMENT_POINTER_SIZE];
};

bool device_is_listed(const cell_desc *desc, const struct pci_function *function)
{
	for (size_t i = 0; i < desc->n_functions; i++)
		if (desc->functions[i].resolved.num_requesters && function->segment == 0 &&
		    desc->functions[i].resolved.address == function->address)
			return true;
	return false;
}

static bool is_listed(const void *userdata, const struct pci_function *other)
{
	return device_is_listed(userdata, other);
}

uint64_t device_bar_end(const cell_desc *desc, uint64_t guest, uint64_t size)
{
	for (size_t i = 0; i < desc->n_functions; i++)
		for (int bar = 0; bar < CELLHV_FUNCTION_BARS; bar++) {
			const struct cellhv_bar *memory = &desc->functions[i].resolved.bars[bar];

			if (memory->phys && !device_bar_is_ports(memory) &&
			    range_overlaps(memory->phys, memory->size, guest, size))
				return memory->phys + memory->size;
		}
	for (size_t i = 0; i < desc->n_irqs; i++) {
		uint64_t ioapic = desc->irqs[i].resolved.ioapic;

		if (ioapic && range_overlaps(ioapic, DEVICE_IOAPIC_SIZE, guest, size))
			return ioapic + DEVICE_IOAPIC_SIZE;
	}
	return 0;
}

static bool is_known(const cell_desc *desc, size_t index)
{
	return !desc_is_bad(desc, "pci", index, "") &&
	       !desc_is_bad(desc, "pci", index, "function") &&
	       !desc_is_bad(desc, "pci", index, "vendor") &&
	       !desc_is_bad(desc, "pci", index, "device");
}

/* Those of a kind: how many, and the first ones by name. */
static unsigned find_kind(const struct resolving *now, char names[80])
{
	const struct desc_function *wanted = &now->desc->functions[now->index];
	unsigned n = 0;
	int used = 0;

	for (size_t i = 0; i < now->pci->n; i++) {
		const struct pci_function *function = &now->pci->functions[i];

		if (function->vendor != wanted->vendor || function->device != wanted->device)
			continue;
		if (n < 4)
			used += snprintf(names + used, 80 - (size_t)used, "%s%s", n ? ", " : "",
					 function->name);
		n++;
	}
	return n;
}

static const struct pci_function *find_by_kind(const struct resolving *now)
{
	const struct desc_function *wanted = &now->desc->functions[now->index];
	char names[80] = "";
	unsigned n = find_kind(now, names);

	for (size_t i = 0; n == 1 && i < now->pci->n; i++)
		if (now->pci->functions[i].vendor == wanted->vendor &&
		    now->pci->functions[i].device == wanted->device)
			return &now->pci->functions[i];
	if (n)
		desc_report(now->desc, CELL_ERROR, "function-ambiguous", now->pointer,
			    "there are %u PCI functions %04x:%04x (%s%s): say which with "
			    "\"function\"",
			    n, wanted->vendor, wanted->device, names, n > 4 ? ", ..." : "");
	else
		desc_report(now->desc, CELL_ERROR, "function-missing", now->pointer,
			    "there is no PCI function %04x:%04x: see `lspci -n`", wanted->vendor,
			    wanted->device);
	return NULL;
}

static const struct pci_function *find_by_address(const struct resolving *now)
{
	const struct desc_function *wanted = &now->desc->functions[now->index];
	const struct pci_function *function = pci_find(now->pci, wanted->segment, wanted->address);

	if (!function)
		desc_report(now->desc, CELL_ERROR, "function-missing", now->pointer,
			    "there is no PCI function %04x:" PCI_NAME ": see `lspci -D`",
			    wanted->segment, PCI_NAME_OF(wanted->address));
	return function;
}

/* The same one before, in other words perhaps. */
static bool is_twice(const struct resolving *now)
{
	char pointer[DOCUMENT_POINTER_SIZE];

	for (size_t i = 0; i < now->index; i++) {
		const struct desc_function *other = &now->desc->functions[i];

		if (!other->resolved.num_requesters || now->function->segment != 0 ||
		    other->resolved.address != now->function->address)
			continue;

		desc_report(now->desc, CELL_ERROR, "function-twice", now->pointer,
			    "PCI function %s is listed twice", now->function->name);
		desc_report(now->desc, CELL_NOTE, "function-twice",
			    document_pointer(pointer, "pci", i, ""), "the first time is here");
		return true;
	}
	return false;
}

static void fill(struct cellhv_function *resolved, const struct pci_function *function,
		 uint16_t flags)
{
	*resolved = (struct cellhv_function){
		.address = function->address,
		.flags = flags,
		.num_requesters = function->n_requesters,
		.num_bridges = function->n_bridges,
	};
	memcpy(resolved->bars, function->bars, sizeof(resolved->bars));
	memcpy(resolved->requesters, function->requesters, sizeof(resolved->requesters));
	memcpy(resolved->bridges, function->bridges, sizeof(resolved->bridges));
}

/* Which one it is. What is wrong with it comes when all are known. */
static void find(struct resolving *now)
{
	struct desc_function *wanted = &now->desc->functions[now->index];

	wanted->resolved = (struct cellhv_function){0};
	if (!is_known(now->desc, now->index))
		return;

	now->function = wanted->has_address ? find_by_address(now) : find_by_kind(now);
	if (now->function && !is_twice(now))
		fill(&wanted->resolved, now->function, wanted->flags);
}

/* Another cell has it, or this one, which runs: then it is as it was when it was created. */
static bool is_owned(const struct resolving *now)
{
	struct cellhv_function *resolved = &now->desc->functions[now->index].resolved;
	const struct cellhv_function *owned;
	const struct inventory_cell *cell =
		inventory_by_function(now->inventory, resolved->address, &owned);

	if (!cell)
		return false;
	if (strcmp(cell->info.name, now->desc->name) == 0) {
		*resolved = *owned;
		resolved->flags = now->desc->functions[now->index].flags;
		return true;
	}

	desc_report(now->desc, CELL_ERROR, "function-taken", now->pointer,
		    "PCI function %s belongs to cell %s: choose another, or destroy that cell",
		    now->function->name, cell->info.name);
	rival_note_function(now->desc, cell->info.name, resolved->address);
	return true;
}

static void report(void *userdata, bool is_error, const char *code, const char *text)
{
	const struct resolving *now = userdata;

	desc_report(now->desc, is_error ? CELL_ERROR : CELL_WARNING, code, now->pointer, "%s",
		    text);
}

/* Registers that another cell got by their address, as what they are of was not looked for. */
static void check_registers(const struct resolving *now)
{
	const struct cellhv_function *resolved = &now->desc->functions[now->index].resolved;

	for (int i = 0; i < CELLHV_FUNCTION_BARS; i++) {
		const struct cellhv_bar *bar = &resolved->bars[i];
		const struct inventory_cell *cell;

		if (!bar->phys)
			continue;
		cell = device_bar_is_ports(bar)
			       ? inventory_by_ports(now->inventory, (uint32_t)bar->phys,
						    (uint32_t)bar->size)
			       : inventory_by_memory(now->inventory, bar->phys, bar->size);
		if (cell && strcmp(cell->info.name, now->desc->name) != 0)
			desc_report(now->desc, CELL_ERROR, "function-taken", now->pointer,
				    "BAR %d of %s, at 0x%" PRIx64
				    ", belongs to cell %s: destroy that cell first",
				    i, now->function->name, bar->phys, cell->info.name);
	}
}

/* The cell finds BARs at the machine's addresses. */
static void check_room(const struct resolving *now)
{
	const struct cellhv_function *resolved = &now->desc->functions[now->index].resolved;

	for (int i = 0; i < CELLHV_FUNCTION_BARS; i++) {
		const struct cellhv_bar *bar = &resolved->bars[i];

		if (!bar->phys || device_bar_is_ports(bar))
			continue;
		for (size_t region = 0; region < now->desc->n_memory; region++)
			if (range_overlaps(bar->phys, bar->size, now->desc->memory[region].guest,
					   now->desc->memory[region].size))
				desc_report(now->desc, CELL_ERROR, "overlap", now->pointer,
					    "BAR %d of %s is at 0x%" PRIx64
					    ", where the cell has memory region %zu",
					    i, now->function->name, bar->phys, region);
		if (range_overlaps(bar->phys, bar->size, now->desc->comm, 4096))
			desc_report(now->desc, CELL_ERROR, "overlap", now->pointer,
				    "BAR %d of %s is at 0x%" PRIx64
				    ", where the comm page is: move that with \"comm\"",
				    i, now->function->name, bar->phys);
	}
}

/* Listed by its number, where Linux has one for it; a pin may be any. */
static bool lists_irq(const cell_desc *desc, uint32_t number)
{
	for (size_t i = 0; i < desc->n_irqs; i++)
		if (desc->irqs[i].has_pin || desc->irqs[i].number == number)
			return true;
	return false;
}

static void check_interrupts(const struct resolving *now)
{
	const struct pci_function *function = now->function;
	bool has_messages = function->has_msi || function->has_msix;

	if (!function->uses_pin || (has_messages && (function->irq || !now->desc->n_irqs)))
		return;
	if (!function->irq)
		desc_report(
			now->desc, CELL_WARNING, "function-pin", now->pointer,
			"%s gets no interrupt by its pin: Linux knows which one that is when it "
			"has enabled it once: `echo 1 >/sys/bus/pci/devices/%s/enable`, then "
			"try again",
			function->name, function->name);
	else if (!lists_irq(now->desc, function->irq))
		desc_report(now->desc, CELL_WARNING, "function-pin", now->pointer,
			    "%s has no MSI or MSI-X: its guest gets no interrupt without "
			    "\"irqs\": [ %" PRIu32 " ]",
			    function->name, function->irq);
}

static int check(struct resolving *now)
{
	const struct desc_function *wanted = &now->desc->functions[now->index];
	const struct pci_question question = {
		.host = now->host,
		.pci = now->pci,
		.function = now->function,
		.takes_no_reset = wanted->flags & CELLHV_FUNCTION_NO_RESET,
		.trusts_dma = now->desc->flags & CELLHV_CELL_DMA_TRUSTED,
		.has = is_listed,
		.userdata = now->desc,
	};
	int r;

	if (is_owned(now))
		return 0;

	r = pci_judge(&question, report, now);
	check_interrupts(now);
	check_registers(now);
	if (r == 0 && desc_memory_known(now->desc))
		check_room(now);
	return r;
}

static int resolve_functions(cell_desc *desc, const cell_host *host, const struct pci *pci,
			     const struct inventory *inventory)
{
	struct resolving all[CELLHV_MAX_FUNCTIONS];
	int r = 0;

	for (size_t i = 0; i < desc->n_functions; i++) {
		all[i] = (struct resolving){desc, host, pci, inventory, i, NULL, ""};
		document_pointer(all[i].pointer, "pci", i,
				 desc->functions[i].has_address ? "function" : "device");
		find(&all[i]);
	}
	for (size_t i = 0; i < desc->n_functions && r == 0; i++)
		if (desc->functions[i].resolved.num_requesters)
			r = check(&all[i]);
	return r;
}

int device_resolve(cell_desc *desc, const cell_host *host, const struct inventory *inventory)
{
	_cleanup_pci_ struct pci pci = {0};
	int r;

	if (!desc->n_functions && !desc->n_irqs)
		return 0;

	r = pci_read(host->root, &pci);
	if (r == 0)
		r = resolve_functions(desc, host, &pci, inventory);
	if (r == 0)
		r = irq_resolve(desc, host, &pci, inventory);
	return r < 0 ? context_oom(desc->context) : 0;
}
