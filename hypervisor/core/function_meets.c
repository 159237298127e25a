/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of a root's function would be over a cell's. PCI Local Bus Specification 3.0, 6.2.5;
 * PCI-to-PCI Bridge Architecture Specification 1.2, 3.2.
 */
#include "core/arch.h"
#include "core/function.h"
#include "core/function_root.h"
#include "core/range.h"
#include "core/resource.h"

#define BRIDGE_BARS 2u
#define BRIDGE_ROM 0x38u
#define BRIDGE_BUSES 0x18u /* primary, secondary, subordinate */
#define BRIDGE_IO 0x1cu	   /* window: base and limit, upper halves at 30 and 32 */
#define BRIDGE_IO_UPPER 0x30u
#define BRIDGE_MEMORY 0x20u   /* window: base and limit */
#define BRIDGE_PREFETCH 0x24u /* the same, upper halves at 28 and 2C */
#define WINDOW_64BIT 1u
#define ROM_ENABLE 1u
#define ROM_ADDRESS 0xfffff800u
#define MIB 0x100000ull

/* PCI Express Base Specification 5.0: resizable BARs (7.8.6), virtual functions (9.3.3). */
#define ID_RESIZE 0x15u
#define RESIZE_CONTROL 8u
#define VIRTUAL_DECODES 0x0008u
#define VIRTUAL_COUNT 0x0cu /* that there may be, in the upper half */
#define VIRTUAL_BARS 0x24u

/* A function, with the write that is asked about. */
struct view {
	struct cpu *self;
	uint16_t address;
	const struct function_write *write;
};

static uint32_t now(const struct view *view, unsigned offset)
{
	return arch_pci_read(view->self, view->address, offset, 4);
}

uint32_t function_write_after(struct cpu *self, uint16_t address,
			      const struct function_write *write, unsigned offset)
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

static uint32_t after(const struct view *view, unsigned offset)
{
	return function_write_after(view->self, view->address, view->write, offset);
}

static bool changes(const struct view *view, unsigned offset, unsigned size)
{
	bool changed = false;

	for (unsigned i = 0; i < size; i += 4)
		changed |= after(view, offset + i) != now(view, offset + i);
	return changed;
}

/* It would decode that register (of so many bytes) and does not decode it so yet. */
static bool begins(const struct view *view, uint32_t decode, unsigned offset, unsigned size)
{
	if (!(after(view, PCI_COMMAND) & decode))
		return false;
	return !view->write->size || !(now(view, PCI_COMMAND) & decode) ||
	       changes(view, offset, size);
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

static bool meets_memory(uint64_t base, uint64_t size)
{
	return base + size > base && function_resource.owns_memory(base, size);
}

static bool meets(bool io, uint64_t base, uint64_t size)
{
	return io ? meets_ports(base, size) : meets_memory(base, size);
}

/*
 * Sizing makes a function that decodes deaf for a moment. So it is done only where the address that
 * the hardware has does not already say that it cannot be: a BAR is at a multiple of its size. One
 * of 32 bits without an address is half of them at most.
 */
#define MOST_WITHOUT_ADDRESS 0x80000000ull

static uint64_t most(uint64_t base)
{
	return base ? base & -base : MOST_WITHOUT_ADDRESS;
}

static bool bar_meets(const struct view *view, unsigned bar)
{
	uint32_t kind = now(view, PCI_BAR(bar)), low = after(view, PCI_BAR(bar));
	bool io = kind & PCI_BAR_IO, two = !io && kind & PCI_BAR_64BIT;
	uint64_t base = low & (io ? 0xffffu & ~PCI_BAR_IO_FLAGS : PCI_BAR_ADDRESS), size;

	if (two)
		base |= (uint64_t)after(view, PCI_BAR(bar + 1)) << 32;
	if (!changes(view, PCI_BAR(bar), two ? 8 : 4) && !meets(io, base, most(base)))
		return false;
	size = function_size_bar(view->self, view->address, bar);
	return size && meets(io, base & ~(size - 1), size);
}

static bool any_bar_meets(const struct view *view, unsigned bars)
{
	for (unsigned bar = 0; bar < bars; bar++) {
		uint32_t low = now(view, PCI_BAR(bar));
		bool io = low & PCI_BAR_IO, two = !io && low & PCI_BAR_64BIT && bar + 1 < bars;

		if (begins(view, io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY, PCI_BAR(bar),
			   two ? 8 : 4) &&
		    bar_meets(view, bar))
			return true;
		bar += two;
	}
	return false;
}

/* Found like a BAR's size; it decodes nothing meanwhile, as its lowest bit is clear. */
static uint64_t rom_size(const struct view *view, unsigned offset)
{
	uint32_t ones =
		function_probe(view->self, view->address, offset, ROM_ADDRESS) & ROM_ADDRESS;

	return ones ? (uint32_t)-ones : 0;
}

static bool rom_meets(const struct view *view, unsigned offset)
{
	uint32_t rom = after(view, offset), base = rom & ROM_ADDRESS;
	uint64_t size;

	if (!(rom & ROM_ENABLE) || !begins(view, PCI_COMMAND_MEMORY, offset, 4))
		return false;
	size = rom_size(view, offset);
	return size && meets_memory(base & ~(size - 1), size);
}

/* What a bridge passes on: from one MiB to the end of another (3.2.5.6 - 3.2.5.10). */
static bool window_meets(const struct view *view, unsigned offset)
{
	uint32_t window = after(view, offset);
	uint64_t base = (uint64_t)(window & 0xfff0) << 16, limit = window & 0xfff00000;

	if (offset == BRIDGE_PREFETCH && window & WINDOW_64BIT) {
		base |= (uint64_t)after(view, offset + 4) << 32;
		limit |= (uint64_t)after(view, offset + 8) << 32;
	}
	return base <= limit && meets_memory(base, limit + MIB - base);
}

/* From 4 KiB of ports to the end of others; those above 64 KiB are none of a processor's. */
static bool io_window_meets(const struct view *view)
{
	uint32_t window = after(view, BRIDGE_IO), upper = after(view, BRIDGE_IO_UPPER);
	uint64_t base = (window & 0xf0u) << 8, limit = (window & 0xf000u) | 0xfff;

	if (window & WINDOW_64BIT) {
		base |= (uint64_t)(upper & 0xffff) << 16;
		limit |= (uint64_t)(upper >> 16) << 16;
	}
	return base <= limit && meets_ports(base, limit + 1 - base);
}

/* Would it also say that the buses of a cell's function are behind it? */
static bool buses_meet(const struct view *view)
{
	uint32_t buses = after(view, BRIDGE_BUSES);
	uint32_t first = buses >> 8 & 0xff, last = buses >> 16 & 0xff;

	if (view->write->size && !changes(view, BRIDGE_BUSES, 4))
		return false;
	for (const struct function *at = functions_taken; at; at = at->next)
		if (first && first <= at->pci.address >> 8 && last >= at->pci.address >> 8)
			return true;
	return false;
}

static bool bridge_meets(const struct view *view)
{
	return buses_meet(view) ||
	       (begins(view, PCI_COMMAND_IO, BRIDGE_IO, 4) && io_window_meets(view)) ||
	       (changes(view, BRIDGE_IO_UPPER, 4) && after(view, PCI_COMMAND) & PCI_COMMAND_IO &&
		io_window_meets(view)) ||
	       (begins(view, PCI_COMMAND_MEMORY, BRIDGE_MEMORY, 16) &&
		(window_meets(view, BRIDGE_MEMORY) || window_meets(view, BRIDGE_PREFETCH)));
}

/* A function that is resized while it decodes begins to decode more (7.8.6). */
static bool resizes(const struct view *view)
{
	unsigned at = function_find_extended(view->self, view->address, ID_RESIZE);
	unsigned count = at ? now(view, at + RESIZE_CONTROL) >> 5 & 7 : 0;

	if (!(now(view, PCI_COMMAND) & PCI_COMMAND_MEMORY))
		return false;
	for (unsigned i = 0; i < count && i < PCI_BARS; i++)
		if (changes(view, at + RESIZE_CONTROL + 8 * i, 4))
			return true;
	return false;
}

/* Of one virtual function; where they decode it is not looked for, and at least a page. */
static uint64_t virtual_size(const struct view *view, unsigned offset, bool two)
{
	uint64_t mask;

	if (!view->write->size)
		return PAGE_SIZE;
	mask = 0xffffffff00000000ull |
	       (function_probe(view->self, view->address, offset, UINT32_MAX) & PCI_BAR_ADDRESS);
	if (two)
		mask = (uint64_t)function_probe(view->self, view->address, offset + 4, UINT32_MAX)
			       << 32 |
		       (uint32_t)mask;
	return ~mask + 1;
}

/* A BAR has the registers of all virtual functions, one behind the other (9.3.3.14). */
static bool virtual_bars_meet(const struct view *view, unsigned at)
{
	uint64_t count = now(view, at + VIRTUAL_COUNT) >> 16;

	for (unsigned i = 0; i < PCI_BARS; i++) {
		unsigned offset = at + VIRTUAL_BARS + 4 * i;
		uint32_t low = now(view, offset);
		bool two = low & PCI_BAR_64BIT && i + 1 < PCI_BARS;
		uint64_t base = low & PCI_BAR_ADDRESS;

		if (two)
			base |= (uint64_t)now(view, offset + 4) << 32;
		if (base && meets_memory(base, virtual_size(view, offset, two) * count))
			return true;
		i += two;
	}
	return false;
}

/* Virtual functions decode by a bit of their own, and their BARs stay while they do (9.3.3.3.4). */
static bool virtuals_meet(const struct view *view)
{
	unsigned at = function_find_extended(view->self, view->address, PCI_EXTENDED_VIRTUAL);

	if (!at || !(after(view, at + PCI_VIRTUAL_CONTROL) & VIRTUAL_DECODES))
		return false;
	if (view->write->size && now(view, at + PCI_VIRTUAL_CONTROL) & VIRTUAL_DECODES)
		return changes(view, at + VIRTUAL_BARS, 4 * PCI_BARS);
	return virtual_bars_meet(view, at);
}

static bool extended_meets(const struct view *view)
{
	return (!view->write->size || view->write->offset >= PCI_CONFIG_SIZE) &&
	       (resizes(view) || virtuals_meet(view));
}

bool function_meets(struct cpu *self, uint16_t address, const struct function_write *write)
{
	const struct view view = {self, address, write};
	bool bridge;

	if (!functions_taken) /* the filter may be on for messages alone */
		return false;
	bridge = (arch_pci_read(self, address, PCI_HEADER_TYPE, 1) & PCI_HEADER_KIND) ==
		 PCI_HEADER_BRIDGE;
	return any_bar_meets(&view, bridge ? BRIDGE_BARS : PCI_BARS) || extended_meets(&view) ||
	       rom_meets(&view, bridge ? BRIDGE_ROM : PCI_ROM) || (bridge && bridge_meets(&view));
}
