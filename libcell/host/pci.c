// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/pci.h"

#include <unistd.h>

#include <core/pci_name.h>

#include "base/file.h"

bool pci_has_function(const cell_host *host, unsigned function)
{
	char path[PATH_MAX];

	return file_path(path, host->root, "/sys/bus/pci/devices/0000:" PCI_NAME,
			 PCI_NAME_OF(function)) == 0 &&
	       access(path, F_OK) == 0;
}

static bool has_device(const cell_host *host, unsigned device)
{
	for (unsigned function = 0; function < 8; function++)
		if (pci_has_function(host, device << 3 | function))
			return true;
	return false;
}

/* From above: firmware and hotplug fill from below, chipsets keep 1f. */
int pci_free_function(const cell_host *host, uint32_t taken)
{
	for (unsigned device = 0x1e; device > 0; device--)
		if (!(taken >> device & 1) && !has_device(host, device))
			return (int)device << 3;
	return -1;
}
