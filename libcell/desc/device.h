/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices in descriptions: PCI functions and interrupts, and what follows from the machine. */
#ifndef LIBCELL_DEVICE_H
#define LIBCELL_DEVICE_H

#include "desc/desc.h"
#include "driver/inventory.h"
#include "host/host.h"
#include "host/pci_function.h"

/*
 * Fills in `resolved` of each function and interrupt. Problems become diagnostics, with notes at
 * the other side. -ENOMEM, as the context's error.
 */
int device_resolve(cell_desc *desc, const cell_host *host, const struct inventory *inventory);

/* The interrupts alone, in irq.c. -ENOMEM */
int irq_resolve(cell_desc *desc, const cell_host *host, const struct pci *pci,
		const struct inventory *inventory);

/* Has the description this function? */
bool device_is_listed(const cell_desc *desc, const struct pci_function *function);

#define DEVICE_IOAPIC_SIZE 4096 /* its registers */

/* Of a BAR in memory, or an I/O APIC, that is in the way of these guest addresses the end; 0: none
 * is. */
uint64_t device_bar_end(const cell_desc *desc, uint64_t guest, uint64_t size);

/* I/O ports are below, memory of devices never is. */
static inline bool device_bar_is_ports(const struct cellhv_bar *bar)
{
	return bar->size && bar->phys + bar->size <= 65536;
}

#endif
