/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI functions that Linux has, on bus 0 of segment 0. */
#ifndef LIBCELL_PCI_H
#define LIBCELL_PCI_H

#include "host/host.h"

/* function: bus << 8 | device << 3 | function */
bool pci_has_function(const cell_host *host, unsigned function);

/* Of a device without functions that is not among those taken, a bit for each; -1: none. */
int pci_free_function(const cell_host *host, uint32_t taken);

#endif
