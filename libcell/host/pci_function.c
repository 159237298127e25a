// SPDX-License-Identifier: LGPL-2.1-or-later
/* What sysfs shows of each function. Sections: PCI Express Base Specification, revision 5. */
#include "host/pci_function.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "host/pci_config.h"

#define DEVICES "/sys/bus/pci/devices/"

#define CAPABILITY_MSI 0x05
#define CAPABILITY_EXPRESS 0x10
#define CAPABILITY_MSIX 0x11
#define EXTENDED_ACS 0x0d

static uint32_t read_hex(const char *root, const char *name, const char *file, int base)
{
	char line[32];

	if (file_read_line(line, sizeof(line), root, DEVICES "%s/%s", name, file) < 0)
		return 0;
	return (uint32_t)strtoul(line, NULL, base);
}

/* Last part of what a link leads to; "" where there is none. */
static void read_link(const char *root, const char *name, const char *link, char *ret, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	*ret = '\0';
	if (file_path(path, root, DEVICES "%s/%s", name, link) < 0)
		return;

	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;

	target[n] = '\0';
	slash = strrchr(target, '/');
	snprintf(ret, size, "%.*s", (int)size - 1, slash ? slash + 1 : target);
}

/* include/linux/ioport.h: in the third column of `resource`. */
#define RESOURCE_IO 0x100ull
#define RESOURCE_MEMORY 0x200ull

/* A file of sysfs up to its `size`; "" where there is none. */
static void read_text(const char *root, const char *name, const char *file, char *ret, size_t size)
{
	char path[PATH_MAX];
	uint64_t unused;
	ssize_t n = -1;
	int fd;

	fd = file_path(path, root, DEVICES "%s/%s", name, file) < 0 ? -1 : file_open(path, &unused);
	if (fd >= 0) {
		n = read(fd, ret, size - 1);
		close(fd);
	}
	ret[n > 0 ? n : 0] = '\0';
}

static void read_bars(const char *root, struct pci_function *function)
{
	char text[CELLHV_FUNCTION_BARS * 64];
	const char *line = text;

	read_text(root, function->name, "resource", text, sizeof(text));
	for (int i = 0; i < CELLHV_FUNCTION_BARS && line && *line; i++) {
		unsigned long long start, end, flags;

		if (sscanf(line, "%llx %llx %llx", &start, &end, &flags) == 3 && end > start &&
		    flags & (RESOURCE_IO | RESOURCE_MEMORY)) {
			function->bars[i] = (struct cellhv_bar){start, end - start + 1};
			function->bar_is_ports[i] = flags & RESOURCE_IO;
		}
		line = strchr(line, '\n');
		line += line != NULL;
	}
}

/*
 * 7.7.8: what ACS can do at 4, what is on at 6. Source validation, redirection of requests and of
 * completions, forwarding upstream: what of these a function lacks it need not do.
 */
static bool acs_isolates(const struct pci_config *config)
{
	const uint32_t wanted = 1 | 1 << 2 | 1 << 3 | 1 << 4;
	size_t at = pci_config_extended(config, EXTENDED_ACS);
	uint32_t able;

	if (!at)
		return false;

	able = pci_config_field(config, at + 4, 2) & wanted;
	return (pci_config_field(config, at + 6, 2) & able) == able;
}

/* 6.12.1: ports send between what is below them, functions of a device to each other. */
static bool isolates(const struct pci_function *function, const struct pci_config *config)
{
	switch (function->type) {
	case PCI_CONVENTIONAL:
	case PCI_TO_CONVENTIONAL:
	case PCI_TO_EXPRESS:
		return false;
	case PCI_ROOT_PORT:
	case PCI_DOWNSTREAM_PORT:
		return acs_isolates(config);
	default:
		return !function->is_multifunction || acs_isolates(config);
	}
}

/* 7.5.1: header's type at 0E, INTx pin at 3D; 7.5.3.2: type in bits 4-7 at 2 of its capability. */
static void read_header(const struct pci_config *config, struct pci_function *function)
{
	uint32_t header = pci_config_field(config, 0x0e, 1);
	size_t express = pci_config_capability(config, CAPABILITY_EXPRESS);

	/* Only the first function has to say so (PCI Local Bus Specification 3.0, 6.2.1). */
	function->is_multifunction = header & 0x80 || function->address & 7;
	function->is_bridge = (header & 0x7f) != 0;
	function->is_shown = config->size > 64;
	function->type =
		express ? (enum pci_type)(pci_config_field(config, express + 2, 2) >> 4 & 15)
			: PCI_CONVENTIONAL;
	function->isolates = isolates(function, config);
	function->has_msi = pci_config_capability(config, CAPABILITY_MSI);
	function->has_msix = pci_config_capability(config, CAPABILITY_MSIX);
	function->uses_pin = pci_config_field(config, 0x3d, 1);
	if (function->is_bridge)
		function->secondary = (uint8_t)pci_config_field(config, 0x19, 1);
}

/*
 * Linux begins with what the firmware has left for its old interrupt controllers in the register at
 * 3C, and finds the function's own interrupt when it first enables it.
 */
static bool knows_pin(const char *root, const struct pci_function *function,
		      const struct pci_config *config)
{
	return function->irq != pci_config_field(config, 0x3c, 1) ||
	       read_hex(root, function->name, "enable", 10);
}

static void read_function(const char *root, struct pci_function *function)
{
	const char *name = function->name;
	struct pci_config config;

	function->vendor = (uint16_t)read_hex(root, name, "vendor", 16);
	function->device = (uint16_t)read_hex(root, name, "device", 16);
	function->class = read_hex(root, name, "class", 16);
	function->irq = read_hex(root, name, "irq", 10);
	function->is_boot_display = read_hex(root, name, "boot_vga", 10) == 1;
	read_link(root, name, "driver", function->driver, sizeof(function->driver));
	read_link(root, name, "iommu_group", function->group_of, sizeof(function->group_of));
	if (file_read_line(function->resets, sizeof(function->resets), root,
			   DEVICES "%s/reset_method", name) < 0)
		function->resets[0] = '\0';
	function->is_virtual = file_exists(root, DEVICES "%s/physfn", name);
	read_bars(root, function);
	if (!pci_config_read(root, function->segment, function->address, &config) ||
	    pci_config_field(&config, 0, 2) == 0xffff) {
		function->is_hidden = true;
		return;
	}
	read_header(&config, function);
	if (!knows_pin(root, function, &config))
		function->irq = 0;
}

static int add_function(const char *root, const char *name, struct pci *pci)
{
	unsigned segment, bus, device, number;
	struct pci_function *functions;

	if (strlen(name) >= PCI_NAME_SIZE ||
	    sscanf(name, "%4x:%2x:%2x.%1x", &segment, &bus, &device, &number) != 4 || device > 31 ||
	    number > 7)
		return 0;

	functions = reallocarray(pci->functions, pci->n + 1, sizeof(*functions));
	if (!functions)
		return -ENOMEM;

	pci->functions = functions;
	functions += pci->n++;
	*functions = (struct pci_function){
		.segment = (uint16_t)segment,
		.address = (uint16_t)(bus << 8 | device << 3 | number),
	};
	strcpy(functions->name, name);
	read_function(root, functions);
	return 0;
}

static uint32_t order(const struct pci_function *function)
{
	return (uint32_t)function->segment << 16 | function->address;
}

static int compare(const void *a, const void *b)
{
	return order(a) < order(b) ? -1 : order(a) > order(b);
}

int pci_read(const char *root, struct pci *ret)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	char path[PATH_MAX];
	int r = 0;

	*ret = (struct pci){0};
	if (file_path(path, root, DEVICES) < 0)
		return 0;

	dir = opendir(path);
	if (!dir)
		return errno == ENOMEM ? -ENOMEM : 0;

	while (r == 0 && (entry = readdir(dir)))
		r = add_function(root, entry->d_name, ret);
	if (r < 0) {
		pci_clear(ret);
		return r;
	}
	if (ret->n)
		qsort(ret->functions, ret->n, sizeof(*ret->functions), compare);
	pci_topology(ret);
	return 0;
}

void pci_clear(struct pci *pci)
{
	free(pci->functions);
	*pci = (struct pci){0};
}

const struct pci_function *pci_find(const struct pci *pci, unsigned segment, unsigned address)
{
	for (size_t i = 0; i < pci->n; i++)
		if (pci->functions[i].segment == segment && pci->functions[i].address == address)
			return &pci->functions[i];
	return NULL;
}
