/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* MSI-X of a virtual function: table, pending bits, and when a message goes out. */
#ifndef CORE_MSIX_H
#define CORE_MSIX_H

#include "core/pci.h"

#define MSIX_VECTORS 16u

struct msix {
	unsigned capability; /* its offset in config space */
	unsigned vectors;
	unsigned pba; /* offset of the pending bits in the BAR */
	uint32_t table[MSIX_VECTORS][4];
	uint32_t pending; /* bit per vector */
};

/* Adds the capability; `next` is the one after it. */
void msix_init(struct msix *msix, struct pci_function *function, unsigned capability, unsigned next,
	       unsigned bar);

/* As after a reset. */
void msix_reset(struct msix *msix, struct pci_function *function);

/* Guest accesses to the BAR of 4 bytes, aligned, or 8; others, and holes: zeros, dropped. */
uint64_t msix_read(const struct msix *msix, uint32_t offset, unsigned size);
void msix_write(struct cpu *self, struct msix *msix, struct pci_function *function, uint32_t offset,
		unsigned size, uint64_t value);

/* The function has an interrupt; while it is masked it is pending. */
void msix_raise(struct cpu *self, struct msix *msix, struct pci_function *function,
		unsigned vector);

/* Sends what is pending and masked no more. */
void msix_update(struct cpu *self, struct msix *msix, struct pci_function *function);

#endif
