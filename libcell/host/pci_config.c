// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sections: PCI Express Base Specification, revision 5. */
#include "host/pci_config.h"

#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define HEADER_SIZE 64

bool pci_config_read(const char *root, unsigned segment, unsigned function, struct pci_config *ret)
{
	_cleanup_free_ char *data = NULL;
	char path[PATH_MAX];

	if (file_path(path, root, "/sys/bus/pci/devices/%04x:%02x:%02x.%x/config", segment,
		      function >> 8, function >> 3 & 31, function & 7) < 0 ||
	    file_load(path, PCI_CONFIG_MAX, &data, &ret->size) < 0 || ret->size < HEADER_SIZE)
		return false;

	memcpy(ret->bytes, data, ret->size);
	return true;
}

uint32_t pci_config_field(const struct pci_config *config, size_t offset, size_t width)
{
	uint32_t value = UINT32_MAX;

	if (offset + width <= config->size) {
		value = 0;
		memcpy(&value, config->bytes + offset, width);
	}
	value = le32toh(value);
	return width == 4 ? value : value & ((1u << 8 * width) - 1);
}

/* 7.5.1.1.9: the header's type at 0E, 1 is a bridge's; 7.5.1.3: its buses at 19 and 1A. */
bool pci_config_buses(const char *root, unsigned segment, unsigned function, struct pci_buses *ret)
{
	struct pci_config config;

	if (!pci_config_read(root, segment, function, &config) ||
	    (pci_config_field(&config, 0x0e, 1) & 0x7f) != 1)
		return false;

	*ret = (struct pci_buses){(uint8_t)pci_config_field(&config, 0x19, 1),
				  (uint8_t)pci_config_field(&config, 0x1a, 1)};
	return true;
}
