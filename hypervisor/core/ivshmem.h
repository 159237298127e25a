/* SPDX-License-Identifier: GPL-2.0-only */
/* A peer's end of a link: the virtual PCI function, in both versions of ivshmem. */
#ifndef CORE_IVSHMEM_H
#define CORE_IVSHMEM_H

#include "core/msix.h"
#include "core/pci.h"

struct link;

/* What changes while the link lives is under the link's lock. */
struct ivshmem {
	struct pci_function function; /* first */
	struct msix msix;
	struct link *link;
	uint16_t id;
	bool active; /* its cell runs: it rings and is rung */
	uint32_t interrupt_control;
	uint32_t state;
};

/* peer: zeroed; link->shared is set; memory: where the guest sees the link's. */
void ivshmem_build(struct ivshmem *peer, struct link *link, struct cell *cell, uint16_t id,
		   uint16_t function, uint64_t memory);

/* All that a guest can change is as after power-on. */
void ivshmem_reset(struct ivshmem *peer);

/* Interrupts the peer's guest, where it wants to be. */
void ivshmem_raise(struct cpu *self, struct ivshmem *peer, unsigned vector);

#endif
