/* SPDX-License-Identifier: GPL-2.0-only */
/* PCI-to-PCI Bridge Architecture Specification 1.2, 3.2; PCI Express Base Specification 4.0, 7.5.
 */
#include "core/function_root.h"

#include "core/arch.h"
#include "core/cpu.h"
#include "core/function.h"
#include "core/iommu.h"
#include "core/message_registers.h"
#include "core/message_root.h"
#include "core/print.h"
#include "core/range.h"

#define BRIDGE_ROM 0x38u
#define DECODES (PCI_COMMAND_IO | PCI_COMMAND_MEMORY)

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

bool function_is_above(uint16_t address)
{
	for (const struct function *at = functions_taken; at; at = at->next)
		for (unsigned i = 0; i < at->config->num_bridges; i++)
			if (at->config->bridges[i] == address)
				return true;
	return false;
}

/* Bits of the write's value that stay. */
static uint32_t kept_bits(const struct function_write *write, unsigned base,
			  const struct kept *kept, unsigned count)
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

static uint32_t kept_of_bridge(struct cpu *self, uint16_t address,
			       const struct function_write *write)
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

static void complain_of(struct cpu *self, uint16_t address, const struct function_write *write,
			const char *what)
{
	if (cpu_may_complain(self))
		print("CPU %u: root writes %x to %x of function " PCI_NAME ", which %s\n",
		      self->number, write->value, write->offset, PCI_NAME_OF(address), what);
}

static void complain(struct cpu *self, uint16_t address, const struct function_write *write)
{
	complain_of(self, address, write, "a cell's function depends on");
}

/*
 * An IOMMU's own function says where its registers are and whether there are any, and has more of
 * its insides (48882, 3.2). Its message is Linux's, who has it again one day: it is sent where the
 * unit's control register says so alone, and that is ours.
 */
static bool unit_allows(struct cpu *self, uint16_t address, const struct function_write *write)
{
	unsigned msi = function_find_capability(self, address, PCI_CAP_MSI);

	return msi && write->offset >= msi + MESSAGE_CONTROL &&
	       write->offset + write->size <=
		       msi + msi_size(arch_pci_read(self, address, msi + MESSAGE_CONTROL, 2));
}

/*
 * Linux finds the size of a BAR by writing all ones, and some functions decode meanwhile: what of
 * them would be over a cell's decodes nothing until their BAR is somewhere else. One at a time.
 */
static struct {
	uint16_t address;
	uint32_t decodes; /* bits of the command register that are off; 0: nobody is being sized */
} sized;

static bool is_sizing(const struct function_write *write)
{
	return write->size == 4 && write->value == UINT32_MAX && !sized.decodes &&
	       range_overlaps(write->offset, 4, PCI_BAR(0), 4 * PCI_BARS);
}

static void begin_sizing(struct cpu *self, uint16_t address)
{
	uint32_t command = arch_pci_read(self, address, PCI_COMMAND, 2);

	sized.address = address;
	sized.decodes = command & DECODES;
	arch_pci_write(self, address, PCI_COMMAND, 2, command & ~DECODES);
}

void function_root_settle(struct cpu *self)
{
	uint32_t command;

	if (!sized.decodes)
		return;
	command = arch_pci_read(self, sized.address, PCI_COMMAND, 2);
	arch_pci_write(self, sized.address, PCI_COMMAND, 2, command | sized.decodes);
	sized.decodes = 0;
}

/* As if it decoded again: would it be over a cell's? */
static void end_sizing(struct cpu *self, uint16_t address)
{
	struct function_write on = {PCI_COMMAND, 2, 0};

	if (!sized.decodes || sized.address != address)
		return;
	on.value = arch_pci_read(self, address, PCI_COMMAND, 2) | sized.decodes;
	if (!function_meets(self, address, &on) && message_root_allows(self, address, &on))
		function_root_settle(self);
}

/* false: nothing of it is done. */
static bool beside(struct cpu *self, uint16_t address, struct function_write *write)
{
	uint32_t off;

	if (range_overlaps(write->offset, write->size, PCI_COMMAND, 1) && sized.address == address)
		sized.decodes = 0;
	if (!function_meets(self, address, write))
		return true;
	if (is_sizing(write)) {
		begin_sizing(self, address);
		return true;
	}
	complain(self, address, write);
	if (write->offset != PCI_COMMAND)
		return false;
	/* What decodes already goes on, and the other bits are as it says. */
	off = DECODES & ~arch_pci_read(self, address, PCI_COMMAND, 2);
	write->value &= ~off;
	return true;
}

static void above(struct cpu *self, uint16_t address, struct function_write *write)
{
	uint32_t kept = kept_of_bridge(self, address, write);
	uint32_t old = kept ? arch_pci_read(self, address, write->offset, write->size) : 0;

	if ((old ^ write->value) & kept)
		complain(self, address, write);
	write->value = (old & kept) | (write->value & ~kept);
}

void function_root_write(struct cpu *self, uint16_t address, unsigned offset, unsigned size,
			 uint32_t value)
{
	struct function_write write = {offset, size, value & UINT32_MAX >> (32 - 8 * size)};

	if (function_is_taken(address)) {
		complain(self, address, &write);
		return;
	}
	if (iommu_took_function(address) && !unit_allows(self, address, &write)) {
		complain_of(self, address, &write, "is an IOMMU");
		return;
	}
	if (function_is_above(address))
		above(self, address, &write);
	else if (!beside(self, address, &write))
		return;
	if (!message_root_allows(self, address, &write))
		return;
	arch_pci_write(self, address, offset, size, write.value);
	end_sizing(self, address);
}
