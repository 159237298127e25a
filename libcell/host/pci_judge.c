// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/pci_judge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/range.h"
#include "host/interrupts.h"
#include "host/pci_use.h"

#define PAGE_MASK 0xfffull

/* What one check has of the question, and where it puts its sentence. */
struct judgement {
	const struct pci_question *question;
	const struct pci_function *function;
	struct pci_use use;
	bool remaps; /* Linux, interrupts: so the hypervisor can */
	char text[PCI_JUDGE_TEXT];
};

#define say(judgement, ...) \
	(snprintf((judgement)->text, sizeof((judgement)->text), __VA_ARGS__), true)

static bool is_of_other_segment(struct judgement *judgement)
{
	const struct pci_function *function = judgement->function;

	return function->segment != 0 &&
	       say(judgement, "%s is on PCI segment %u: cells get functions of segment 0 only",
		   function->name, function->segment);
}

static bool is_bridge(struct judgement *judgement)
{
	const struct pci_function *function = judgement->function;

	return function->is_bridge &&
	       say(judgement, "%s is a bridge: give the cell what is behind it", function->name);
}

/* Host and ISA bridges (06 00, 06 01) have what Linux runs by, and IOMMUs (08 06) keep cells apart.
 */
static bool stays(const struct pci_function *function)
{
	uint32_t kind = function->class >> 8;

	return kind == 0x0600 || kind == 0x0601 || kind == 0x0806;
}

static bool is_kept(struct judgement *judgement)
{
	const struct pci_function *function = judgement->function;

	return stays(function) &&
	       say(judgement,
		   "%s is an essential part of the machine (%s), which is never given to a cell",
		   function->name, pci_class_name(function->class));
}

static bool is_virtual(struct judgement *judgement)
{
	const struct pci_function *function = judgement->function;

	return function->is_virtual &&
	       say(judgement,
		   "%s is a virtual function (SR-IOV), which no cell can have: give it a whole one",
		   function->name);
}

static bool is_unreadable(struct judgement *judgement)
{
	const struct pci_function *function = judgement->function;

	if (function->is_hidden)
		return say(judgement,
			   "%s does not answer: a cell has it, or it is off or gone; see `lspci -s "
			   "%s` and "
			   "`dmesg`",
			   function->name, function->name);
	return !function->is_shown &&
	       say(judgement, "what %s is able to do only root may read: ask as root",
		   function->name);
}

static bool is_too_deep(struct judgement *judgement)
{
	const struct pci_function *function = judgement->function;

	return function->too_deep &&
	       say(judgement,
		   "%s is behind more than %d bridges, or is seen by more than %d ids: use another "
		   "slot",
		   function->name, CELLHV_FUNCTION_BRIDGES, CELLHV_FUNCTION_REQUESTERS);
}

static bool is_mounted(struct judgement *judgement)
{
	const struct pci_function *function = judgement->function;
	const char *mount = judgement->use.mount;

	if (!*mount)
		return false;
	if (strcmp(mount, "swap") == 0)
		return say(judgement, "Linux swaps to a disk of %s: `swapoff` it first",
			   function->name);
	return say(judgement, "the file system %.100s is on a disk of %s: %s", mount,
		   function->name,
		   strcmp(mount, "/") == 0 ? "it stays with Linux" : "unmount it first");
}

/* Another one that would be the cell's by what the hardware can keep apart, and is not to be. */
static const struct pci_function *companion(const struct pci_question *question, unsigned *ret_n)
{
	const struct pci_function *first = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < question->pci->n; i++) {
		const struct pci_function *other = &question->pci->functions[i];

		if (other == question->function || other->is_bridge ||
		    other->group != question->function->group ||
		    (question->has && question->has(question->userdata, other)))
			continue;

		if (!first || (stays(other) && !stays(first)))
			first = other;
		++*ret_n;
	}
	return first;
}

static bool is_not_alone(struct judgement *judgement)
{
	const struct pci_function *function = judgement->function, *other;
	char more[32] = "", driver[64] = "";
	const char *remedy = "list all of them, or none";
	unsigned n;

	other = companion(judgement->question, &n);
	if (!other)
		return false;

	if (stays(other))
		remedy = "as that stays with Linux, use a device in another slot";
	if (*other->driver)
		snprintf(driver, sizeof(driver), ", used by driver %s", other->driver);
	if (n > 1)
		snprintf(more, sizeof(more), " and %u more", n - 1);
	return say(judgement, "nothing keeps %s apart from %s (%s%s)%s: %s%s", function->name,
		   other->name, pci_class_name(other->class), driver, more, remedy,
		   *function->group_of ? ""
				       : "; boot with iommu=pt where the bridges can do it (ACS)");
}

/* Display and USB controllers have such memory for the firmware's own drivers, before Linux. */
static bool is_done_with_it(const struct pci_function *function)
{
	return function->class >> 16 == 0x03 || function->class >> 8 == 0x0c03;
}

static bool has_reserved_memory(struct judgement *judgement)
{
	const struct pci_function *function = judgement->function;
	const struct acpi *acpi = &judgement->question->host->acpi;

	for (size_t i = 0; i < acpi->n_reserved && !is_done_with_it(function); i++) {
		const struct acpi_reserved *reserved = &acpi->reserved[i];

		if (reserved->segment == 0 && function->address >= reserved->first &&
		    function->address <= reserved->last)
			return say(judgement,
				   "the firmware uses 0x%" PRIx64 " to 0x%" PRIx64
				   " by %s (%s), whoever has it: it stays with Linux",
				   reserved->start, reserved->start + reserved->size - 1,
				   function->name, acpi->has_ivrs ? "IVMD" : "RMRR");
	}
	return acpi->reserves_more &&
	       say(judgement,
		   "whether the firmware uses memory by %s cannot be told: its table names more "
		   "than %d pieces",
		   function->name, ACPI_RESERVED_MAX);
}

/* Whose registers are in these pages besides, or NULL. */
static const char *page_neighbour(const struct pci_question *question, uint64_t start,
				  uint64_t size)
{
	for (size_t i = 0; i < question->pci->n; i++) {
		const struct pci_function *other = &question->pci->functions[i];

		for (int bar = 0; bar < CELLHV_FUNCTION_BARS; bar++)
			if (other != question->function && other->bars[bar].size &&
			    !other->bar_is_ports[bar] &&
			    range_overlaps(other->bars[bar].phys, other->bars[bar].size, start,
					   size))
				return other->name;
	}
	return acpi_kept_at(&question->host->acpi, start, size);
}

static bool bar_is_wrong(struct judgement *judgement, int bar)
{
	const struct pci_function *function = judgement->function;
	uint64_t start = function->bars[bar].phys, size = function->bars[bar].size;
	const char *other;

	if (!size)
		return false;
	if (!start || size & (size - 1) || start & (size - 1))
		return say(judgement,
			   "BAR %d of %s has no address: see `dmesg` for why Linux could not "
			   "give it one",
			   bar, function->name);
	if (function->bar_is_ports[bar])
		return false;
	if (start & PAGE_MASK)
		return say(judgement,
			   "BAR %d of %s, at 0x%" PRIx64
			   ", does not begin with a page: boot with pci=resource_alignment=12@%s",
			   bar, function->name, start, function->name);

	other = page_neighbour(judgement->question, start, (size + PAGE_MASK) & ~PAGE_MASK);
	return other && say(judgement,
			    "BAR %d of %s, at 0x%" PRIx64
			    ", shares its page with %s: boot with pci=resource_alignment=12@%s",
			    bar, function->name, start, other, function->name);
}

static bool has_wrong_bar(struct judgement *judgement)
{
	for (int bar = 0; bar < CELLHV_FUNCTION_BARS; bar++)
		if (bar_is_wrong(judgement, bar))
			return true;
	return false;
}

static bool has_no_reset(struct judgement *judgement)
{
	const struct pci_function *function = judgement->function;

	return !*function->resets && !judgement->question->takes_no_reset &&
	       say(judgement,
		   "%s has no reset: what Linux or a guest leaves in it the next one finds; say "
		   "\"reset\": \"none\" where that may be",
		   function->name);
}

bool pci_is_confined(const cell_host *host, const char **ret_why)
{
	const struct acpi *acpi = &host->acpi;

	*ret_why = acpi->iommus_are_wrong
			   ? "what the firmware's tables say of IOMMUs cannot be right: update the "
			     "firmware"
		   : !acpi->n_iommus ? "the firmware names no IOMMU: enable VT-d or AMD-Vi in its "
				       "setup"
				     : NULL;
	return !*ret_why;
}

/* As the hypervisor: a message is a write like any other, so it asks for both. */
static bool is_not_confined(struct judgement *judgement)
{
	const char *why;

	if (judgement->question->trusts_dma)
		return false;
	if (!pci_is_confined(judgement->question->host, &why))
		return say(judgement,
			   "nothing would confine the DMA of %s, and so the cell: %s; or say "
			   "\"dma\": \"trusted\" where its guest may reach all memory",
			   judgement->function->name, why);
	return !judgement->remaps &&
	       say(judgement,
		   "%s could interrupt any CPU, as Linux does not remap interrupts: see `dmesg` "
		   "for "
		   "why, and the firmware's setup (VT-d, AMD-Vi, x2APIC); or say \"dma\": "
		   "\"trusted\" where its guest may reach all memory",
		   judgement->function->name);
}

static bool is_console(struct judgement *judgement)
{
	const struct pci_function *function = judgement->function;

	if (*judgement->use.console)
		return say(judgement, "the kernel's console %s is at %s: Linux will lose it",
			   judgement->use.console, function->name);
	return function->is_boot_display &&
	       say(judgement, "%s is the display that the machine boots with: Linux will lose it",
		   function->name);
}

static bool has_default_route(struct judgement *judgement)
{
	return *judgement->use.interface &&
	       say(judgement,
		   "the default route goes by %s, of %s: Linux will lose the network, and who "
		   "works over it the connection",
		   judgement->use.interface, judgement->function->name);
}

static const struct {
	bool is_error;
	bool is_final; /* all else is no matter then */
	const char *code;
	bool (*finds)(struct judgement *judgement);
} checks[] = {
	{true, true, "function-segment", is_of_other_segment},
	{true, true, "function-bridge", is_bridge},
	{true, true, "function-kept", is_kept},
	{true, true, "function-virtual", is_virtual},
	{true, true, "function-unreadable", is_unreadable},
	{true, false, "function-deep", is_too_deep},
	{true, false, "function-mounted", is_mounted},
	{true, false, "function-group", is_not_alone},
	{true, false, "function-reserved", has_reserved_memory},
	{true, false, "function-bar", has_wrong_bar},
	{true, false, "function-dma", is_not_confined},
	{true, false, "function-reset", has_no_reset},
	{false, false, "function-console", is_console},
	{false, false, "function-route", has_default_route},
};

int pci_judge(const struct pci_question *question, pci_finding_fn fn, void *userdata)
{
	struct judgement judgement = {.question = question, .function = question->function};
	int r;

	r = pci_use_read(question->host->root, question->function, &judgement.use);
	if (r == 0)
		r = interrupts_are_remapped(question->host->root);
	if (r < 0)
		return r;
	judgement.remaps = r > 0;

	for (size_t i = 0; i < ELEMENTS(checks); i++) {
		if (!checks[i].finds(&judgement))
			continue;

		fn(userdata, checks[i].is_error, checks[i].code, judgement.text);
		if (checks[i].is_final)
			break;
	}
	return 0;
}
