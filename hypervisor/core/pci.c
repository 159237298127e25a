/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* PCI Local Bus Specification 3.0, chapter 6. */
#include "core/pci.h"

#include <stddef.h>

void pci_set(struct pci_function *function, unsigned offset, unsigned size, uint64_t value)
{
	for (unsigned i = 0; i < size; i++)
		function->config[offset + i] = (uint8_t)(value >> 8 * i);
}

void pci_allow(struct pci_function *function, unsigned offset, unsigned size, uint64_t bits)
{
	for (unsigned i = 0; i < size; i++)
		function->writable[offset + i] = (uint8_t)(bits >> 8 * i);
}

/* The bits below the size stay zero: that is how a guest finds it (6.2.5.1). */
void pci_add_bar(struct pci_function *function, unsigned bar, uint64_t size, uint32_t kind)
{
	uint32_t flags = kind & PCI_BAR_IO ? PCI_BAR_IO_FLAGS : PCI_BAR_FLAGS;

	function->bar_size[bar] = size;
	pci_set(function, PCI_BAR(bar), 4, kind & flags);
	pci_allow(function, PCI_BAR(bar), 4, (uint32_t) ~(size - 1) & ~flags);
	if (!(kind & PCI_BAR_IO) && kind & PCI_BAR_64BIT)
		pci_allow(function, PCI_BAR(bar + 1), 4, (uint32_t)(~(size - 1) >> 32));
}

void pci_reset(struct pci_function *function)
{
	for (unsigned i = 0; i < PCI_CONFIG_SIZE; i++)
		function->config[i] = (uint8_t)(function->config[i] & ~function->writable[i]);
}

uint32_t pci_get(const struct pci_function *function, unsigned offset, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint32_t)function->config[offset + i] << 8 * i;
	return value;
}

static bool pci_access_is_valid(unsigned offset, unsigned size)
{
	return (size == 1 || size == 2 || size == 4) && (offset & 3) + size <= 4 &&
	       offset < PCI_CONFIG_PAGE;
}

/* Above PCI_CONFIG_SIZE a shadow has nothing. */
uint32_t pci_shadow_read(struct cpu *self, const struct pci_function *function, unsigned offset,
			 unsigned size)
{
	(void)self;
	return offset < PCI_CONFIG_SIZE ? pci_get(function, offset, size) : 0;
}

void pci_shadow_write(struct pci_function *function, unsigned offset, unsigned size, uint32_t value)
{
	for (unsigned i = 0; i < size && offset < PCI_CONFIG_SIZE; i++) {
		uint8_t writable = function->writable[offset + i];
		uint8_t *byte = &function->config[offset + i];

		*byte = (uint8_t)((*byte & ~writable) | ((value >> 8 * i) & writable));
	}
}

uint32_t pci_config_read(struct cpu *self, const struct pci_function *function, unsigned offset,
			 unsigned size)
{
	if (!pci_access_is_valid(offset, size))
		return UINT32_MAX;
	return function->ops->config_read(self, function, offset, size);
}

enum pci_result pci_config_write(struct cpu *self, struct pci_function *function, unsigned offset,
				 unsigned size, uint32_t value)
{
	if (!pci_access_is_valid(offset, size))
		return PCI_DONE;
	return function->ops->config_write(self, function, offset, size, value);
}

uint64_t pci_bar_address(const struct pci_function *function, unsigned bar)
{
	uint32_t low = pci_get(function, PCI_BAR(bar), 4);
	uint64_t address = low & PCI_BAR_ADDRESS;

	if (!function->bar_size[bar] || low & PCI_BAR_IO ||
	    !(pci_get(function, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY))
		return 0;
	if (low & PCI_BAR_64BIT)
		address |= (uint64_t)pci_get(function, PCI_BAR(bar + 1), 4) << 32;
	return address;
}

struct pci_function *pci_find(struct pci_function *list, uint16_t address)
{
	while (list && list->address != address)
		list = list->next;
	return list;
}

struct pci_function *pci_find_bar(struct pci_function *list, uint64_t address, unsigned *ret_bar,
				  uint64_t *ret_offset)
{
	for (; list; list = list->next) {
		for (unsigned bar = 0; bar < PCI_BARS; bar++) {
			uint64_t start = pci_bar_address(list, bar);

			if (!start || address < start || address - start >= list->bar_size[bar])
				continue;
			*ret_bar = bar;
			*ret_offset = address - start;
			return list;
		}
	}
	return NULL;
}

void pci_insert(struct pci_function **list, struct pci_function *function)
{
	function->next = *list;
	*list = function;
}

void pci_remove(struct pci_function **list, const struct pci_function *function)
{
	while (*list && *list != function)
		list = &(*list)->next;
	if (*list)
		*list = function->next;
}
