// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sections: PCI Express Base Specification, revision 5. */
#include "host/pci_config.h"

#include <endian.h>
#include <string.h>
#include <unistd.h>

#include <core/pci_name.h>

#include "base/file.h"

#define HEADER_SIZE 64

bool pci_config_read(const char *root, unsigned segment, unsigned function, struct pci_config *ret)
{
	char path[PATH_MAX];
	uint64_t size;
	ssize_t n;
	int fd;

	if (file_path(path, root, "/sys/bus/pci/devices/%04x:" PCI_NAME "/config", segment,
		      PCI_NAME_OF(function)) < 0)
		return false;

	fd = file_open(path, &size);
	if (fd < 0)
		return false;

	ret->size = 0;
	while (ret->size < PCI_CONFIG_MAX &&
	       (n = read(fd, ret->bytes + ret->size, PCI_CONFIG_MAX - ret->size)) > 0)
		ret->size += (size_t)n;
	close(fd);
	return ret->size >= HEADER_SIZE;
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

/* 7.5.1.1.11: the first at 34, each {id, next}; 7.7.1: bit 4 of the status says that there are any.
 */
size_t pci_config_capability(const struct pci_config *config, unsigned id)
{
	size_t at = pci_config_field(config, 0x34, 1) & ~3u;

	if (!(pci_config_field(config, 0x06, 2) & 0x10))
		return 0;
	for (unsigned n = 0; n < 48 && at >= HEADER_SIZE && at + 2 <= config->size; n++) {
		if (pci_config_field(config, at, 1) == id)
			return at;
		at = pci_config_field(config, at + 1, 1) & ~3u;
	}
	return 0;
}

/* 7.6.3: from 100 on, {id, version and next in the upper half}. */
size_t pci_config_extended(const struct pci_config *config, unsigned id)
{
	size_t at = 0x100;

	for (unsigned n = 0; n < 480 && at >= 0x100 && at + 4 <= config->size; n++) {
		uint32_t header = pci_config_field(config, at, 4);

		if (!header || header == UINT32_MAX)
			return 0;
		if ((header & 0xffff) == id)
			return at;
		at = header >> 20 & ~3u;
	}
	return 0;
}
