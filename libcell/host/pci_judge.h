/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a cell may have a PCI function, and if not why and what to do. */
#ifndef LIBCELL_PCI_JUDGE_H
#define LIBCELL_PCI_JUDGE_H

#include "host/host.h"
#include "host/pci_function.h"

#define PCI_JUDGE_TEXT 512

struct pci_question {
	const cell_host *host;
	const struct pci *pci;
	const struct pci_function *function;
	bool takes_no_reset; /* the description says so */
	bool trusts_dma;
	/* Whether the cell is to have this one as well; NULL: it has no other. */
	bool (*has)(const void *userdata, const struct pci_function *other);
	const void *userdata;
};

/* text: a diagnostic's. is_error: the cell may not have it. */
typedef void (*pci_finding_fn)(void *userdata, bool is_error, const char *code, const char *text);

/* All findings, the gravest first. -ENOMEM */
int pci_judge(const struct pci_question *question, pci_finding_fn fn, void *userdata);

/* Whether this machine has IOMMUs that the hypervisor may be able to use; else why not. */
bool pci_is_confined(const cell_host *host, const char **ret_why);

/* What kind of thing it is, by its class. */
const char *pci_class_name(uint32_t class);

#endif
