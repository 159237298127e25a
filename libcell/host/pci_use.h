/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Linux itself would miss of a PCI function. */
#ifndef LIBCELL_PCI_USE_H
#define LIBCELL_PCI_USE_H

#include "host/pci_function.h"

struct pci_use {
	char mount[128];    /* a file system on its disks, or "swap"; "" */
	char interface[32]; /* of the default route */
	char console[32];   /* a terminal that the kernel writes to */
};

/* -ENOMEM */
int pci_use_read(const char *root, const struct pci_function *function, struct pci_use *ret);

#endif
