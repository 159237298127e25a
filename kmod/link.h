/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux's ends of links: PCI functions that come and go, and a device node for each. */
#ifndef CELLHV_MODULE_LINK_H
#define CELLHV_MODULE_LINK_H

#include <linux/list.h>
#include <linux/pci.h>

#include <cellhv/ethernet.h>

#include "cellhv.h"

/* A link that Linux is a peer of, while any cell has it. */
struct link {
	struct list_head node;
	struct cellhv_link_shared shared;
	unsigned int cells;
	struct pci_dev *pdev;
	int probe_error; /* of our driver's last probe; while the function appears */
};

/* Its function is for cell-net.ko, which makes an interface of it. */
static inline bool link_is_network(const struct link *link)
{
	const struct cellhv_link_shared *shared = &link->shared;

	return cellhv_ethernet_is(shared->protocol, shared->class_protocol, shared->max_peers,
				  shared->output_size);
}

/* The link whose function this is; NULL: the function is none of ours. It stays while pdev does. */
struct link *link_of_function(const struct pci_dev *pdev);

extern struct pci_driver link_device_driver;

#endif
