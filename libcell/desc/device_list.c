// SPDX-License-Identifier: LGPL-2.1-or-later
/* All PCI functions of this machine, and which of them a cell may have. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/export.h"
#include "driver/driver.h"
#include "driver/inventory.h"
#include "host/host.h"
#include "host/pci_judge.h"

struct verdict {
	bool is_error;
	bool is_found;
	char text[PCI_JUDGE_TEXT];
};

/* The gravest one comes first. */
static void note(void *userdata, bool is_error, const char *code, const char *text)
{
	struct verdict *verdict = userdata;

	(void)code;
	if (verdict->is_found)
		return;

	verdict->is_found = true;
	verdict->is_error = is_error;
	snprintf(verdict->text, sizeof(verdict->text), "%s", text);
}

static int tell(const cell_host *host, const struct pci *pci, const struct inventory *inventory,
		const struct pci_function *function, cell_device_fn fn, void *userdata)
{
	const struct pci_question question = {.host = host, .pci = pci, .function = function};
	const struct cellhv_function *unused;
	const struct inventory_cell *cell =
		function->segment ? NULL
				  : inventory_by_function(inventory, function->address, &unused);
	struct verdict verdict = {0};
	int r = 0;

	if (cell)
		snprintf(verdict.text, sizeof(verdict.text), "it belongs to cell %s",
			 cell->info.name);
	else
		r = pci_judge(&question, note, &verdict);
	if (r < 0)
		return context_oom(host->context);

	return fn(userdata, &(struct cell_device){
				    .function = function->name,
				    .vendor = function->vendor,
				    .device = function->device,
				    .class_code = function->class,
				    .class_name = pci_class_name(function->class),
				    .driver = function->driver,
				    .group = pci->functions[function->group].name,
				    .resets = function->resets,
				    .cell = cell ? cell->info.name : "",
				    .is_assignable = !cell && !verdict.is_error,
				    .reason = verdict.text,
			    });
}

/* Without a module there are no cells; whoever may not ask it cannot say that. */
static int read_inventory(cell_context *context, struct inventory *ret)
{
	int fd = driver_open(context), r;

	if (fd == -EACCES || fd == -EPERM)
		return context_fail(context, fd, "AccessDenied",
				    "Asking which devices are whose takes root.");

	r = inventory_read(context, fd, ret);
	if (fd >= 0)
		close(fd);
	return r;
}

LIBCELL_PUBLIC int cell_device_list(cell_host *host, cell_device_fn fn, void *userdata)
{
	_cleanup_pci_ struct pci pci = {0};
	struct inventory inventory;
	int r;

	context_begin(host->context);
	r = read_inventory(host->context, &inventory);
	if (r < 0)
		return r;

	r = pci_read(host->root, &pci);
	if (r < 0)
		r = context_oom(host->context);
	for (size_t i = 0; i < pci.n && r == 0; i++)
		r = tell(host, &pci, &inventory, &pci.functions[i], fn, userdata);
	inventory_clear(&inventory);
	return r;
}
