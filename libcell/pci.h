/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI functions that Linux has, on bus 0 of segment 0. */
#ifndef LIBCELL_PCI_H
#define LIBCELL_PCI_H

#include "desc.h"
#include "host.h"
#include "inventory.h"

/* function: bus << 8 | device << 3 | function */
bool pci_has_function(const cell_host *host, unsigned function);

/*
 * A device without functions, also of links that exist or that the first n_links of the description
 * have; -1: none.
 */
int pci_free_function(const cell_host *host, const struct inventory *inventory,
		      const cell_desc *desc, size_t n_links);

#endif
