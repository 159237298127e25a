/* SPDX-License-Identifier: GPL-2.0-only */
/* PCI-to-PCI Bridge Architecture Specification 1.2, 3.2; PCI Express Base Specification 4.0, 7.5.
 */
#include "core/function_root.h"

#include "core/arch.h"
#include "core/cpu.h"
#include "core/function.h"
#include "core/message_root.h"
#include "core/print.h"
#include "core/range.h"
#include "core/resource.h"

#define HEADER_KIND 0x7fu
#define HEADER_BRIDGE 0x01u
#define BRIDGE_BARS 2u
#define BRIDGE_ROM 0x38u
#define BRIDGE_BUSES 0x18u    /* primary, secondary, subordinate */
#define BRIDGE_MEMORY 0x20u   /* window: base and limit */
#define BRIDGE_PREFETCH 0x24u /* the same, upper halves at 28 and 2C */
#define WINDOW_64BIT 1u
#define WINDOWS_END 0x30u
#define ROM_ENABLE 1u
#define ROM_ADDRESS 0xfffff800u
#define MIB 0x100000ull

/* What of a bridge above a cell's function stays as it is. Where: an offset in config space ... */
struct kept {
	uint8_t offset, size;
	uint32_t bits;
};
static const struct kept kept_header[] = {
	{PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER},
	{0x10, 4, UINT32_MAX}, /* its own BARs */
	{0x14, 4, UINT32_MAX},
	{0x18, 3, 0xffffff}, /* bus numbers */
	{0x1c, 2, 0xffff},   /* windows: I/O, memory, prefetchable memory, their upper halves */
	{0x20, 4, UINT32_MAX},
	{0x24, 4, UINT32_MAX},
	{0x28, 4, UINT32_MAX},
	{0x2c, 4, UINT32_MAX},
	{0x30, 4, UINT32_MAX},
	{BRIDGE_ROM, 4, UINT32_MAX},
	{0x3e, 2, 0x0044}, /* secondary bus reset, ISA */
};
/* ... or from a capability. */
static const struct kept kept_pm[] = {{4, 2, 0x0003}};	    /* power state */
static const struct kept kept_pcie[] = {{0x10, 2, 0x0010},  /* link disable */
					{0x18, 2, 0x0400}}; /* power of the slot */
static const struct kept kept_acs[] = {{6, 2, 0xffff}};	    /* peers stay apart */

#define ID_ACS 0x0du
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_above(uint16_t address)
{
	for (const struct function *at = functions_taken; at; at = at->next)
		for (unsigned i = 0; i < at->config->num_bridges; i++)
			if (at->config->bridges[i] == address)
				return true;
	return false;
}

/* Bits of the write's value that stay. */
static uint32_t kept_bits(const struct root_write *write, unsigned base, const struct kept *kept,
			  unsigned count)
{
	uint32_t bits = 0;

	for (unsigned n = 0; n < count; n++) {
		unsigned offset = base + kept[n].offset;

		for (unsigned i = 0; i < write->size; i++)
			if (range_overlaps(write->offset + i, 1, offset, kept[n].size))
				bits |= (kept[n].bits >> 8 * (write->offset + i - offset) & 0xff)
					<< 8 * i;
	}
	return bits;
}

static uint32_t kept_of_bridge(struct cpu *self, uint16_t address, const struct root_write *write)
{
	unsigned pm = function_find_capability(self, address, PCI_CAP_PM);
	unsigned pcie = function_find_capability(self, address, PCI_CAP_PCIE);
	unsigned acs = function_find_extended(self, address, ID_ACS);
	uint32_t bits = kept_bits(write, 0, kept_header, COUNT(kept_header));

	if (pm)
		bits |= kept_bits(write, pm, kept_pm, COUNT(kept_pm));
	if (pcie)
		bits |= kept_bits(write, pcie, kept_pcie, COUNT(kept_pcie));
	if (acs)
		bits |= kept_bits(write, acs, kept_acs, COUNT(kept_acs));
	return bits;
}

uint32_t root_write_after(struct cpu *self, uint16_t address, const struct root_write *write,
			  unsigned offset)
{
	uint32_t value = arch_pci_read(self, address, offset, 4);

	for (unsigned i = 0; i < write->size; i++) {
		unsigned at = write->offset + i;

		if (at < offset || at >= offset + 4)
			continue;
		value &= ~(0xffu << 8 * (at - offset));
		value |= (write->value >> 8 * i & 0xff) << 8 * (at - offset);
	}
	return value;
}

static bool meets_ports(uint64_t base, uint64_t size)
{
	for (const struct function *at = functions_taken; at; at = at->next)
		for (unsigned i = 0; i < PCI_BARS; i++) {
			const struct cellhv_bar *bar = &at->config->bars[i];

			if (bar->size && !config_bar_is_memory(bar) &&
			    range_overlaps(base, size, bar->phys, bar->size))
				return true;
		}
	return false;
}

/* Where the BAR, which is the one at `bar` or the 64-bit one before it, would be. */
static bool bar_meets(struct cpu *self, uint16_t address, const struct root_write *write,
		      unsigned bar)
{
	uint32_t low = root_write_after(self, address, write, PCI_BAR(bar));
	uint64_t size = function_size_bar(self, address, bar), base;

	if (!size)
		return false;
	if (arch_pci_read(self, address, PCI_BAR(bar), 4) & PCI_BAR_IO)
		return meets_ports(low & 0xffffu & ~PCI_BAR_IO_FLAGS & ~(size - 1), size);
	base = low & PCI_BAR_ADDRESS;
	if (arch_pci_read(self, address, PCI_BAR(bar), 4) & PCI_BAR_64BIT)
		base |= (uint64_t)root_write_after(self, address, write, PCI_BAR(bar + 1)) << 32;
	base &= ~(size - 1);
	return base + size > base && function_resource.owns_memory(base, size);
}

static bool any_bar_meets(struct cpu *self, uint16_t address, const struct root_write *write,
			  unsigned bars)
{
	for (unsigned bar = 0; bar < bars; bar++) {
		uint32_t low = arch_pci_read(self, address, PCI_BAR(bar), 4);
		bool two = !(low & PCI_BAR_IO) && low & PCI_BAR_64BIT && bar + 1 < bars;

		if (range_overlaps(write->offset, write->size, PCI_BAR(bar), two ? 8 : 4) &&
		    bar_meets(self, address, write, bar))
			return true;
		bar += two;
	}
	return false;
}

/* Found like a BAR's size; it decodes nothing meanwhile, as its lowest bit is clear. */
static uint64_t rom_size(struct cpu *self, uint16_t address, unsigned offset)
{
	uint32_t value = arch_pci_read(self, address, offset, 4), ones;

	arch_pci_write(self, address, offset, 4, ROM_ADDRESS);
	ones = arch_pci_read(self, address, offset, 4) & ROM_ADDRESS;
	arch_pci_write(self, address, offset, 4, value);
	return ones ? (uint32_t)-ones : 0;
}

static bool rom_meets(struct cpu *self, uint16_t address, const struct root_write *write,
		      unsigned offset)
{
	uint32_t rom = root_write_after(self, address, write, offset), base = rom & ROM_ADDRESS;
	uint64_t size;

	if (!range_overlaps(write->offset, write->size, offset, 4) || !(rom & ROM_ENABLE))
		return false;
	size = rom_size(self, address, offset);
	return size && function_resource.owns_memory(base & ~(size - 1), size);
}

/* What a bridge beside passes on: from one MiB to the end of another (3.2.5.6 - 3.2.5.10). */
static bool window_meets(struct cpu *self, uint16_t address, const struct root_write *write,
			 unsigned offset)
{
	uint32_t window = root_write_after(self, address, write, offset);
	uint64_t base = (uint64_t)(window & 0xfff0) << 16, limit = window & 0xfff00000;

	if (offset == BRIDGE_PREFETCH && window & WINDOW_64BIT) {
		base |= (uint64_t)root_write_after(self, address, write, offset + 4) << 32;
		limit |= (uint64_t)root_write_after(self, address, write, offset + 8) << 32;
	}
	return base <= limit && limit + MIB > base &&
	       function_resource.owns_memory(base, limit + MIB - base);
}

/* Would it also say that the buses of a cell's function are behind it? */
static bool buses_meet(struct cpu *self, uint16_t address, const struct root_write *write)
{
	uint32_t buses = root_write_after(self, address, write, BRIDGE_BUSES);
	uint32_t first = buses >> 8 & 0xff, last = buses >> 16 & 0xff;

	if (!range_overlaps(write->offset, write->size, BRIDGE_BUSES, 4))
		return false;
	for (const struct function *at = functions_taken; at; at = at->next)
		if (first && first <= at->pci.address >> 8 && last >= at->pci.address >> 8)
			return true;
	return false;
}

static bool windows_meet(struct cpu *self, uint16_t address, const struct root_write *write)
{
	return range_overlaps(write->offset, write->size, BRIDGE_MEMORY,
			      WINDOWS_END - BRIDGE_MEMORY) &&
	       (window_meets(self, address, write, BRIDGE_MEMORY) ||
		window_meets(self, address, write, BRIDGE_PREFETCH));
}

static bool meets_cell(struct cpu *self, uint16_t address, const struct root_write *write)
{
	bool bridge =
		(arch_pci_read(self, address, PCI_HEADER_TYPE, 1) & HEADER_KIND) == HEADER_BRIDGE;

	if (any_bar_meets(self, address, write, bridge ? BRIDGE_BARS : PCI_BARS) ||
	    rom_meets(self, address, write, bridge ? BRIDGE_ROM : PCI_ROM))
		return true;
	return bridge && (windows_meet(self, address, write) || buses_meet(self, address, write));
}

static void complain(struct cpu *self, uint16_t address, const struct root_write *write)
{
	if (cpu_may_complain(self))
		print("CPU %u: root writes %x to %x of function " PCI_NAME ", which a cell's "
		      "function depends on\n",
		      self->number, write->value, write->offset, PCI_NAME_OF(address));
}

void function_root_write(struct cpu *self, uint16_t address, unsigned offset, unsigned size,
			 uint32_t value)
{
	struct root_write write = {offset, size, value & UINT32_MAX >> (32 - 8 * size)};
	uint32_t kept, old;

	if (function_is_taken(address)) {
		complain(self, address, &write);
		return;
	}
	if (is_above(address)) {
		kept = kept_of_bridge(self, address, &write);
		old = kept ? arch_pci_read(self, address, offset, size) : 0;
		if ((old ^ write.value) & kept)
			complain(self, address, &write);
		write.value = (old & kept) | (write.value & ~kept);
	} else if (meets_cell(self, address, &write)) {
		complain(self, address, &write);
		return;
	}
	if (!message_root_allows(self, address, &write))
		return;
	arch_pci_write(self, address, offset, size, write.value);
}
