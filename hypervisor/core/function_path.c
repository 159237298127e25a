/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a function hangs in the machine. PCI-to-PCI Bridge Architecture Specification 1.2, 3.2.5; PCI
 * Express Base Specification 4.0, 7.5.3.2; PCI Express to PCI/PCI-X Bridge Specification 1.0, 2.3.
 */
#include "core/arch.h"
#include "core/errno.h"
#include "core/function.h"
#include "core/function_root.h"
#include "core/machine.h"

#define BRIDGE_SECONDARY 0x19u
#define BRIDGE_SUBORDINATE 0x1au

#define PCIE_TYPE 2u /* in bits 4-7 */
#define TYPE_TO_CONVENTIONAL 7u
#define TYPE_TO_EXPRESS 8u

static bool is_bridge(struct cpu *self, uint16_t address)
{
	return (arch_pci_read(self, address, PCI_HEADER_TYPE, 1) & PCI_HEADER_KIND) ==
	       PCI_HEADER_BRIDGE;
}

static uint32_t secondary(struct cpu *self, uint16_t bridge)
{
	return arch_pci_read(self, bridge, BRIDGE_SECONDARY, 1);
}

static bool leads_to(struct cpu *self, uint16_t bridge, uint32_t bus)
{
	return secondary(self, bridge) && secondary(self, bridge) <= bus &&
	       arch_pci_read(self, bridge, BRIDGE_SUBORDINATE, 1) >= bus;
}

uint32_t function_next(struct cpu *self, uint32_t address, uint32_t end)
{
	for (; address < end; address++) {
		uint16_t first = (uint16_t)(address & ~7u);

		if (arch_pci_read(self, first, PCI_VENDOR, 2) == 0xffff ||
		    (address != first &&
		     !(arch_pci_read(self, first, PCI_HEADER_TYPE, 1) & PCI_HEADER_MULTIFUNCTION)))
			address |= 7;
		else if (arch_pci_read(self, (uint16_t)address, PCI_VENDOR, 2) != 0xffff)
			break;
	}
	return address < end ? address : end;
}

static bool is_named(const struct cellhv_function *config, uint32_t bridge)
{
	for (unsigned i = 0; i < config->num_bridges; i++)
		if (config->bridges[i] == bridge)
			return true;
	return false;
}

/* Bridges pass on to buses of higher numbers than their own is. */
static bool others_lead_to(struct cpu *self, const struct cellhv_function *config)
{
	uint32_t bus = config->address >> 8, end = bus << 8;

	for (uint32_t at = function_next(self, 0, end); at < end;
	     at = function_next(self, at + 1, end))
		if (!is_named(config, at) && is_bridge(self, (uint16_t)at) &&
		    leads_to(self, (uint16_t)at, bus))
			return true;
	return false;
}

static bool bridges_are_as_said(struct cpu *self, const struct cellhv_function *config)
{
	uint32_t bus = config->address >> 8;

	for (unsigned i = 0; i < config->num_bridges; i++) {
		uint16_t bridge = config->bridges[i];

		if (!is_bridge(self, bridge) || secondary(self, bridge) != bus ||
		    !leads_to(self, bridge, config->address >> 8))
			return false;
		bus = bridge >> 8;
	}
	return !others_lead_to(self, config);
}

/*
 * The id that a bridge gives to what passes it; -1: it leaves that as it is. One from PCI Express
 * has the number of its secondary bus, device and function 0; a conventional one takes its own.
 */
static int alias_of(struct cpu *self, uint16_t bridge)
{
	unsigned at = function_find_capability(self, bridge, PCI_CAP_PCIE);
	uint32_t type = at ? arch_pci_read(self, bridge, at + PCIE_TYPE, 2) >> 4 & 15 : 0;

	if (at && type == TYPE_TO_CONVENTIONAL)
		return (int)(secondary(self, bridge) << 8);
	return !at || type == TYPE_TO_EXPRESS ? bridge : -1;
}

static bool has_requester(const struct cellhv_function *config, unsigned count, int id)
{
	for (unsigned i = 0; i < count; i++)
		if (config->requesters[i] == id)
			return true;
	return false;
}

/* In the order of the configuration, each once: from the topmost bridge down, then its own. */
static bool requesters_are_as_said(struct cpu *self, const struct cellhv_function *config)
{
	unsigned count = 0;

	for (unsigned i = config->num_bridges + 1; i--;) {
		int id = i ? alias_of(self, config->bridges[i - 1]) : config->address;

		if (id < 0 || has_requester(config, count, id))
			continue;
		if (count == config->num_requesters || config->requesters[count] != id)
			return false;
		count++;
	}
	return count == config->num_requesters;
}

bool function_path_is_as_said(struct cpu *self, const struct cellhv_function *config)
{
	return bridges_are_as_said(self, config) && requesters_are_as_said(self, config);
}

int function_check_beside(struct cpu *self, struct cellhv_call *call)
{
	const struct function_write none = {0};
	uint32_t end = (machine.system.mmconfig_end_bus + 1) << 8;

	for (uint32_t at = function_next(self, 0, end); at < end;
	     at = function_next(self, at + 1, end)) {
		uint16_t address = (uint16_t)at;

		if (!function_is_taken(address) && !function_is_above(address) &&
		    function_meets(self, address, &none))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_FUNCTION_OVERLAPPED, address);
	}
	return 0;
}
