/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/kept.h"

#include "arch/x86/machine.h"
#include "arch/x86/msi.h"
#include "core/arch.h"
#include "core/config.h"
#include "core/range.h"

#define MESSAGES_SIZE \
	0x100000ull /* Intel SDM vol. 3, 11.11.1: FEExxxxx, the APIC's registers first */
#define UART_PORTS 8u

bool kept_registers(uint64_t phys, uint64_t size)
{
	const struct cellhv_system_config *system = &machine.system;
	const struct {
		uint64_t base, size; /* base 0: there is none */
	} kept[] = {
		{XAPIC_BASE, MESSAGES_SIZE},
		{system->mmconfig_base, (system->mmconfig_end_bus + 1ull) << 20},
		{system->remapping_base, PAGE_SIZE},
		{msi_remapping_table(), msi_remapping_size()},
	};

	for (unsigned i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i].base && range_overlaps(phys, size, kept[i].base, kept[i].size))
			return true;
	return machine_owns(phys, size);
}

bool arch_keeps(uint64_t phys, uint64_t size)
{
	const struct cellhv_system_config *system = &machine.system;

	for (uint32_t i = 0; i < system->ioapics.count; i++)
		if (range_overlaps(phys, size, config_ioapic(system, i)->base, PAGE_SIZE))
			return true;
	return kept_registers(phys, size);
}

bool arch_no_dma(unsigned n, uint64_t *phys, uint64_t *size)
{
	const struct cellhv_system_config *system = &machine.system;

	if (n == 0) {
		*phys = XAPIC_BASE;
		*size = MESSAGES_SIZE;
		return true;
	}
	if (n == 1) {
		*phys = system->mmconfig_base;
		*size = system->mmconfig_base ? (system->mmconfig_end_bus + 1ull) << 20 : 0;
		return true;
	}
	if (n - 2 >= system->ioapics.count)
		return false;
	*phys = config_ioapic(system, n - 2)->base;
	*size = PAGE_SIZE;
	return true;
}

bool kept_ports(uint32_t base, uint32_t count)
{
	uint16_t uart = machine.system.debug_port;

	return uart && range_overlaps(base, count, uart, UART_PORTS);
}
