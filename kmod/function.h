/* SPDX-License-Identifier: GPL-2.0-only */
/* PCI functions that cells have: taken from Linux's drivers, and given back to them. */
#ifndef CELLHV_MODULE_FUNCTION_H
#define CELLHV_MODULE_FUNCTION_H

#include <linux/list.h>
#include <linux/pci.h>

#include "cellhv.h"

struct function {
	struct list_head node; /* of all that cells have; empty: not claimed */
	struct pci_dev *pdev;
	struct pci_saved_state *state; /* of its registers, as the last driver left them */
	bool bound; /* to our driver; this and the next are written with the device's lock held */
	bool gone;  /* Linux has removed it while the cell had it */
	char *override; /* what pdev->driver_override is to be next: ours, later the user's */
	char *driver;	/* the name of the one that had it; NULL: none did */
	char *rebind;	/* the same, for pdev->driver_override while that one gets it again */
};

/* ---- function: of all cells ---- */

/* The claimed one that this is; NULL: none. It stays while the device's lock is held. */
struct function *function_find(const struct pci_dev *pdev);

/* ---- function_driver: what has it meanwhile ---- */
void function_silence(struct pci_dev *pdev); /* no DMA, no interrupts of any kind */

extern struct pci_driver function_driver;

/* ---- function_override: which driver alone may have it ---- */

/*
 * Exchanges it for *name, where it is `expected` (NULL: whatever it is). Neither allocates nor
 * fails; false: somebody has written another one, which stays.
 */
bool function_override_swap(struct pci_dev *pdev, const char *expected, char **name);

#endif
