// SPDX-License-Identifier: LGPL-2.1-or-later
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "desc/device.h"
#include "desc/rival.h"
#include "host/interrupts.h"

struct resolving {
	cell_desc *desc;
	const cell_host *host;
	const struct pci *pci;
	const struct inventory *inventory;
	struct desc_irq *irq;
	char pointer[DOCUMENT_POINTER_SIZE];
};

/* PIT, cascade and RTC: nothing can do without them, and no cell needs them. */
static bool is_kept(const struct acpi *acpi, const struct desc_irq *irq)
{
	static const uint32_t kept[] = {0, 2, 8};

	for (size_t i = 0; i < ELEMENTS(kept); i++)
		if (irq->number == kept[i] || irq->number == acpi->isa_irqs[kept[i]].gsi)
			return true;
	return false;
}

/* The chip that has this number: its pins end where those of the next one begin. */
static const struct cellhv_ioapic *ioapic_of(const struct acpi *acpi, uint32_t gsi)
{
	const struct cellhv_ioapic *found = NULL;

	for (size_t i = 0; i < acpi->n_ioapics; i++) {
		const struct cellhv_ioapic *ioapic = &acpi->ioapics[i];

		if (ioapic->gsi_base <= gsi && gsi - ioapic->gsi_base < 240 &&
		    (!found || ioapic->gsi_base > found->gsi_base))
			found = ioapic;
	}
	return acpi->ioapics_are_wrong ? NULL : found;
}

/* ISA's are as MADT has them; all others are PCI's, level and active low. */
static bool find_pin(const struct acpi *acpi, struct desc_irq *irq)
{
	struct acpi_isa_irq signal = {irq->number, CELLHV_PIN_LEVEL | CELLHV_PIN_LOW};
	const struct cellhv_ioapic *ioapic;

	if (irq->number < ACPI_ISA_IRQS)
		signal = acpi->isa_irqs[irq->number];
	ioapic = ioapic_of(acpi, signal.gsi);
	if (ioapic)
		irq->resolved = (struct cellhv_pin){ioapic->base, signal.gsi - ioapic->gsi_base,
						    signal.flags};
	return ioapic;
}

/* The number that Linux knows a pin by. */
static bool find_number(const struct acpi *acpi, struct desc_irq *irq)
{
	for (size_t i = 0; i < acpi->n_ioapics && !acpi->ioapics_are_wrong; i++) {
		if (acpi->ioapics[i].base != irq->resolved.ioapic)
			continue;

		irq->number = acpi->ioapics[i].gsi_base + irq->resolved.pin;
		for (uint32_t isa = 0; isa < ACPI_ISA_IRQS; isa++)
			if (acpi->isa_irqs[isa].gsi == irq->number) {
				irq->number = isa;
				break;
			}
		return true;
	}
	return false;
}

static bool is_same_pin(const struct desc_irq *a, const struct desc_irq *b)
{
	return a->resolved.ioapic == b->resolved.ioapic && a->resolved.pin == b->resolved.pin;
}

static bool is_twice(const struct resolving *now)
{
	char pointer[DOCUMENT_POINTER_SIZE];

	for (const struct desc_irq *other = now->desc->irqs; other < now->irq; other++)
		if (is_same_pin(other, now->irq)) {
			desc_report(now->desc, CELL_ERROR, "irq-twice", now->pointer,
				    "interrupt %" PRIu32 " is listed twice", now->irq->number);
			desc_report(now->desc, CELL_NOTE, "irq-twice",
				    document_pointer(pointer, "irqs",
						     (size_t)(other - now->desc->irqs), ""),
				    "the first time is here");
			return true;
		}
	return false;
}

static bool is_owned(const struct resolving *now)
{
	const struct inventory_cell *cell =
		inventory_by_pin(now->inventory, now->irq->resolved.ioapic, now->irq->resolved.pin);

	if (!cell)
		return false;
	if (strcmp(cell->info.name, now->desc->name) != 0) {
		desc_report(now->desc, CELL_ERROR, "irq-taken", now->pointer,
			    "interrupt %" PRIu32 " belongs to cell %s: destroy that cell first",
			    now->irq->number, cell->info.name);
		rival_note_irq(now->desc, cell->info.name, now->irq->number);
	}
	return true;
}

static int check_handler(const struct resolving *now)
{
	char handlers[INTERRUPTS_HANDLERS];
	int r = interrupts_find(now->host->root, now->irq->number, handlers);

	if (r > 0)
		desc_report(now->desc, CELL_ERROR, "irq-busy", now->pointer,
			    "Linux uses interrupt %" PRIu32
			    " (%s in /proc/interrupts): take its driver off that device first",
			    now->irq->number, handlers);
	return r < 0 ? r : 0;
}

/* Who else has this pin, and is not the cell's: one that pulls it would interrupt both. */
static void check_sharers(const struct resolving *now)
{
	for (size_t i = 0; i < now->pci->n; i++) {
		const struct pci_function *function = &now->pci->functions[i];

		if (!function->uses_pin || function->irq != now->irq->number ||
		    device_is_listed(now->desc, function))
			continue;

		desc_report(now->desc, CELL_ERROR, "irq-shared", now->pointer,
			    "interrupt %" PRIu32
			    " is also that of PCI function %s%s%s: a pin is never split; let the "
			    "guest use MSI",
			    now->irq->number, function->name,
			    *function->driver ? ", used by driver " : "", function->driver);
		return;
	}
}

/* The cell's own functions that have it: they may pull it. */
static void let_functions_pull(const struct resolving *now)
{
	for (size_t i = 0; i < now->desc->n_functions; i++) {
		struct cellhv_function *resolved = &now->desc->functions[i].resolved;
		const struct pci_function *function = pci_find(now->pci, 0, resolved->address);

		if (resolved->num_requesters && function && function->uses_pin &&
		    function->irq == now->irq->number)
			resolved->flags |= CELLHV_FUNCTION_PIN;
	}
}

/* The cell finds the chip at the machine's address. */
static void check_room(const struct resolving *now)
{
	uint64_t ioapic = now->irq->resolved.ioapic;
	const cell_desc *desc = now->desc;

	for (size_t i = 0; i < desc->n_memory; i++)
		if (range_overlaps(ioapic, DEVICE_IOAPIC_SIZE, desc->memory[i].guest,
				   desc->memory[i].size))
			desc_report(now->desc, CELL_ERROR, "overlap", now->pointer,
				    "the I/O APIC of interrupt %" PRIu32 " is at 0x%" PRIx64
				    ", where the cell has memory region %zu",
				    now->irq->number, ioapic, i);
	if (range_overlaps(ioapic, DEVICE_IOAPIC_SIZE, desc->comm, 4096))
		desc_report(now->desc, CELL_ERROR, "overlap", now->pointer,
			    "the I/O APIC of interrupt %" PRIu32 " is at 0x%" PRIx64
			    ", where the comm page is: move that with \"comm\"",
			    now->irq->number, ioapic);
}

static int resolve(struct resolving *now)
{
	const struct acpi *acpi = &now->host->acpi;
	int r;

	if (!(now->irq->has_pin ? find_number(acpi, now->irq) : find_pin(acpi, now->irq))) {
		desc_report(now->desc, CELL_ERROR, "irq-missing", now->pointer,
			    "no I/O APIC of this machine has %s",
			    now->irq->has_pin ? "these registers" : "an interrupt of this number");
		return 0;
	}
	if (is_kept(acpi, now->irq)) {
		desc_report(now->desc, CELL_ERROR, "irq-kept", now->pointer,
			    "interrupt %" PRIu32
			    " is of the timer, the old interrupt controllers or the clock, which "
			    "stay with Linux",
			    now->irq->number);
		return 0;
	}
	if (is_twice(now) || is_owned(now))
		return 0;

	r = check_handler(now);
	if (r == 0)
		check_sharers(now);
	let_functions_pull(now);
	if (r == 0 && desc_memory_known(now->desc))
		check_room(now);
	return r;
}

int irq_resolve(cell_desc *desc, const cell_host *host, const struct pci *pci,
		const struct inventory *inventory)
{
	int r = 0;

	for (size_t i = 0; i < desc->n_irqs && r == 0; i++) {
		struct resolving now = {desc, host, pci, inventory, &desc->irqs[i], ""};

		document_pointer(now.pointer, "irqs", i, "");
		if (!desc_is_bad(desc, "irqs", i, "") && !desc_is_bad(desc, "irqs", i, "ioapic") &&
		    !desc_is_bad(desc, "irqs", i, "pin"))
			r = resolve(&now);
	}
	return r;
}
