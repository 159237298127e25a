// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pci.h"

#include <unistd.h>

#include "blob.h"
#include "file.h"

bool pci_has_function(const cell_host *host, unsigned function)
{
	char path[PATH_MAX];

	return file_path(path, host->root, "/sys/bus/pci/devices/0000:%02x:%02x.%x", function >> 8,
			 (function >> 3) & 31, function & 7) == 0 &&
	       access(path, F_OK) == 0;
}

static bool has_device(const cell_host *host, unsigned device)
{
	for (unsigned function = 0; function < 8; function++)
		if (pci_has_function(host, device << 3 | function))
			return true;
	return false;
}

static bool is_roots(const struct cellhv_link_shared *link, unsigned device)
{
	return link->flags & CELLHV_LINK_ROOT && link->root_function >> 3 == device;
}

static bool is_link(const struct inventory *inventory, const cell_desc *desc, size_t n_links,
		    unsigned device)
{
	for (size_t i = 0; i < inventory->n; i++) {
		const struct cellhv_cell_config *config = inventory->cells[i].config;

		for (uint32_t j = 0; j < config->links.count; j++)
			if (is_roots(&blob_links(config)[j].shared, device))
				return true;
	}
	for (size_t i = 0; i < n_links; i++)
		if (is_roots(&desc->links[i].resolved.shared, device))
			return true;
	return false;
}

/* From above: firmware and hotplug fill from below, chipsets keep 1f. */
int pci_free_function(const cell_host *host, const struct inventory *inventory,
		      const cell_desc *desc, size_t n_links)
{
	for (unsigned device = 0x1e; device > 0; device--)
		if (!has_device(host, device) && !is_link(inventory, desc, n_links, device))
			return (int)device << 3;
	return -1;
}
