/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration space of a PCI function, as the kernel shows it in a file. */
#ifndef LIBCELL_PCI_CONFIG_H
#define LIBCELL_PCI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_CONFIG_MAX 4096

/* 64 bytes for who is not root, 256 without extended configuration space. */
struct pci_config {
	size_t size;
	uint8_t bytes[PCI_CONFIG_MAX];
};

/* false: there is no such function. function: bus << 8 | device << 3 | function */
bool pci_config_read(const char *root, unsigned segment, unsigned function, struct pci_config *ret);

/* All ones behind the end, as where nobody answers. width: 1, 2 or 4 */
uint32_t pci_config_field(const struct pci_config *config, size_t offset, size_t width);

/* Where a capability is; 0: it has none of that kind, or not all of them can be read. */
size_t pci_config_capability(const struct pci_config *config, unsigned id);
size_t pci_config_extended(const struct pci_config *config, unsigned id);

/* Those of a bridge; false: it is none, or is not there. */
struct pci_buses {
	uint8_t secondary;
	uint8_t subordinate;
};

bool pci_config_buses(const char *root, unsigned segment, unsigned function, struct pci_buses *ret);

#endif
