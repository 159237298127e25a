/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done to the hardware of a physical function. PCI Local Bus Specification 3.0, chapter 6;
 * PCI Express Base Specification 4.0, 6.6.2 and 7.5.
 */
#include "core/arch.h"
#include "core/function.h"
#include "core/iommu.h"
#include "core/machine.h"
#include "core/message_registers.h"
#include "core/pci_name.h"
#include "core/print.h"

#define FIRST_CAPABILITY 0x40u
#define FIRST_EXTENDED 0x100u
#define MOST_CAPABILITIES 48u /* that fit config space; a chain that is longer is a circle */
#define MOST_EXTENDED 480u

#define ROM_ENABLE 0x0001u

#define PCIE_CAPABILITIES 4u /* 7.5.3.3 */
#define PCIE_CAN_RESET (1u << 28)
#define PCIE_CONTROL 8u /* 7.5.3.4 */
#define PCIE_RESET 0x8000u
#define PCIE_STATUS 10u /* 7.5.3.5 */
#define PCIE_PENDING 0x0020u
#define PCIE_CONTROL2 40u /* 7.5.3.16, from version 2 on */

#define PENDING_MS 100u
#define RESET_MS 100u	     /* 6.6.2: nobody asks it anything before */
#define RESET_LIMIT_MS 1000u /* and it answers after that time */

/* Features by which it would get round its domain: where their control is, what enables them. */
static const struct {
	uint16_t id, control, enable;
} bypasses[] = {
	{0x0f, 6, 0x8000}, /* ATS, 10.5.1.3 */
	{0x13, 4, 0x0001}, /* page requests, 10.5.2.2 */
	{0x1b, 6, 0x0001}, /* PASID, 7.8.8.3 */
};

unsigned function_find_capability(struct cpu *self, uint16_t address, unsigned id)
{
	unsigned at = arch_pci_read(self, address, PCI_CAPABILITIES, 1) & 0xfcu;

	if (!(arch_pci_read(self, address, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
		return 0;
	for (unsigned n = 0; n < MOST_CAPABILITIES && at >= FIRST_CAPABILITY; n++) {
		if (arch_pci_read(self, address, at, 1) == id)
			return at;
		at = arch_pci_read(self, address, at + 1, 1) & 0xfcu;
	}
	return 0;
}

/* Id in bits 0-15, next in 20-31 (7.6.3). Without any the first reads as zeros, or as ones. */
unsigned function_find_extended(struct cpu *self, uint16_t address, unsigned id)
{
	unsigned at = FIRST_EXTENDED;

	for (unsigned n = 0; n < MOST_EXTENDED && at >= FIRST_EXTENDED; n++) {
		uint32_t header = arch_pci_read(self, address, at, 4);

		if (!header || header == UINT32_MAX)
			return 0;
		if ((header & 0xffff) == id)
			return at;
		at = header >> 20 & 0xffcu;
	}
	return 0;
}

uint32_t function_probe(struct cpu *self, uint16_t address, unsigned offset, uint32_t bits)
{
	uint32_t value = arch_pci_read(self, address, offset, 4), probed;

	arch_pci_write(self, address, offset, 4, bits);
	probed = arch_pci_read(self, address, offset, 4);
	arch_pci_write(self, address, offset, 4, value);
	return probed;
}

uint64_t function_size_bar(struct cpu *self, uint16_t address, unsigned bar)
{
	uint32_t command = arch_pci_read(self, address, PCI_COMMAND, 2);
	bool io = arch_pci_read(self, address, PCI_BAR(bar), 4) & PCI_BAR_IO;
	uint32_t decode = command & (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY), low;
	uint64_t mask;

	if (decode)
		arch_pci_write(self, address, PCI_COMMAND, 2, command & ~decode);
	low = function_probe(self, address, PCI_BAR(bar), UINT32_MAX);
	if (io)
		mask = 0xffffffffffff0000ull | (low & 0xffffu & ~PCI_BAR_IO_FLAGS);
	else
		mask = 0xffffffff00000000ull | (low & PCI_BAR_ADDRESS);
	if (!io && low & PCI_BAR_64BIT)
		mask = (uint64_t)function_probe(self, address, PCI_BAR(bar + 1), UINT32_MAX) << 32 |
		       (low & PCI_BAR_ADDRESS);
	if (decode)
		arch_pci_write(self, address, PCI_COMMAND, 2, command);
	return low ? ~mask + 1 : 0;
}

static void set_bits(struct cpu *self, uint16_t address, unsigned offset, uint32_t bits, bool on)
{
	uint32_t value = arch_pci_read(self, address, offset, 2);

	arch_pci_write(self, address, offset, 2, on ? value | bits : value & ~bits);
}

static bool is_within(uint64_t start, uint32_t ms)
{
	return arch_ticks() - start < (uint64_t)ms * machine.ticks_per_ms;
}

static bool is_pending(struct cpu *self, const struct function *function)
{
	return function->pcie &&
	       arch_pci_read(self, function->pci.address, function->pcie + PCIE_STATUS, 2) &
		       PCIE_PENDING;
}

void function_await(struct cpu *self, struct function *const *functions, uint32_t count)
{
	uint64_t start = arch_ticks();

	for (uint32_t i = 0; i < count; i++) {
		bool pending;

		while ((pending = is_pending(self, functions[i])) && is_within(start, PENDING_MS))
			arch_pause();
		if (pending)
			print("Function " PCI_NAME " does not end what it has begun\n",
			      PCI_NAME_OF(functions[i]->pci.address));
	}
}

/* Also those that the guest does not see. */
static void disable_messages(struct cpu *self, uint16_t address)
{
	unsigned msi = function_find_capability(self, address, PCI_CAP_MSI);
	unsigned msix = function_find_capability(self, address, PCI_CAP_MSIX);

	if (msi)
		set_bits(self, address, msi + MESSAGE_CONTROL, MSI_ENABLE, false);
	if (msix)
		set_bits(self, address, msix + MESSAGE_CONTROL, MSIX_ENABLE, false);
}

void function_mute(struct cpu *self, const struct function *function)
{
	uint16_t address = function->pci.address;

	set_bits(self, address, PCI_COMMAND, PCI_COMMAND_MASTER, false);
	set_bits(self, address, PCI_COMMAND, PCI_COMMAND_INTX_OFF, true);
	set_bits(self, address, PCI_ROM, ROM_ENABLE, false);
	disable_messages(self, address);
	for (unsigned i = 0; i < sizeof(bypasses) / sizeof(bypasses[0]); i++) {
		unsigned at = function_find_extended(self, address, bypasses[i].id);

		if (at)
			set_bits(self, address, at + bypasses[i].control, bypasses[i].enable,
				 false);
	}
}

static void restore_bars(struct cpu *self, const struct function *function)
{
	for (unsigned i = 0; i < PCI_BARS; i++) {
		const struct cellhv_bar *bar = &function->config->bars[i];

		if (!bar->size)
			continue;
		arch_pci_write(self, function->pci.address, PCI_BAR(i), 4, (uint32_t)bar->phys);
		if (pci_get(&function->pci, PCI_BAR(i), 4) & PCI_BAR_64BIT &&
		    config_bar_is_memory(bar))
			arch_pci_write(self, function->pci.address, PCI_BAR(i + 1), 4,
				       (uint32_t)(bar->phys >> 32));
	}
}

/* Until then it answers nothing, or that it is not ready (2.3.1). */
static bool answers(struct cpu *self, uint16_t address)
{
	uint32_t vendor = arch_pci_read(self, address, PCI_VENDOR, 2);

	return vendor != 0xffff && vendor != 0x0001;
}

static void begin_reset(struct cpu *self, struct function *function)
{
	uint16_t address = function->pci.address;
	unsigned at = function->pcie;
	struct function_kept *kept = &function->kept;

	kept->is_reset =
		at && arch_pci_read(self, address, at + PCIE_CAPABILITIES, 4) & PCIE_CAN_RESET;
	if (!kept->is_reset)
		return;
	kept->command = (uint16_t)arch_pci_read(self, address, PCI_COMMAND, 2);
	kept->control = (uint16_t)arch_pci_read(self, address, at + PCIE_CONTROL, 2);
	kept->control2 = (uint16_t)arch_pci_read(self, address, at + PCIE_CONTROL2, 2);
	kept->cache_line = (uint8_t)arch_pci_read(self, address, PCI_CACHE_LINE, 1);
	arch_pci_write(self, address, at + PCIE_CONTROL, 2, kept->control | PCIE_RESET);
}

static void end_reset(struct cpu *self, const struct function *function)
{
	uint16_t address = function->pci.address;
	unsigned at = function->pcie;
	const struct function_kept *kept = &function->kept;

	arch_pci_write(self, address, at + PCIE_CONTROL, 2, kept->control & ~PCIE_RESET);
	if ((arch_pci_read(self, address, at + 2, 2) & 0xf) >= 2)
		arch_pci_write(self, address, at + PCIE_CONTROL2, 2, kept->control2);
	arch_pci_write(self, address, PCI_CACHE_LINE, 1, kept->cache_line);
	restore_bars(self, function);
	arch_pci_write(self, address, PCI_COMMAND, 2, kept->command);
	function_mute(self, function);
}

void function_reset_hardware(struct cpu *self, struct function *const *functions, uint32_t count)
{
	uint64_t start;
	bool any = false;

	for (uint32_t i = 0; i < count; i++)
		function_mute(self, functions[i]);
	function_await(self, functions, count);
	for (uint32_t i = 0; i < count; i++) {
		begin_reset(self, functions[i]);
		any |= functions[i]->kept.is_reset;
	}
	start = arch_ticks();
	while (any && is_within(start, RESET_MS))
		arch_pause();
	for (uint32_t i = 0; i < count; i++) {
		if (!functions[i]->kept.is_reset)
			continue;
		while (!answers(self, functions[i]->pci.address) &&
		       is_within(start, RESET_LIMIT_MS))
			arch_pause();
		end_reset(self, functions[i]);
	}
}

/* It decodes all the time: where the cell sees it is in nested tables. */
void function_apply_command(struct cpu *self, const struct function *function)
{
	uint32_t wanted = pci_get(&function->pci, PCI_COMMAND, 2);
	uint32_t value = arch_pci_read(self, function->pci.address, PCI_COMMAND, 2);

	value &= ~PCI_COMMAND_MASTER;
	value |= PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_OFF;
	if (function->active && function->config->flags & CELLHV_FUNCTION_PIN)
		value &= wanted | ~PCI_COMMAND_INTX_OFF;
	for (unsigned i = 0; i < PCI_BARS; i++)
		if (function->config->bars[i].size &&
		    !config_bar_is_memory(&function->config->bars[i]))
			value |= PCI_COMMAND_IO;
	if (function_is_active(function) && function_is_confined(function->pci.cell))
		value |= wanted & PCI_COMMAND_MASTER;
	arch_pci_write(self, function->pci.address, PCI_COMMAND, 2, value);
}
