// SPDX-License-Identifier: LGPL-2.1-or-later
#include "linux/machine.h"

#include "base/blob.h"
#include "base/range.h"

#define BUSES 256
#define BUS_SIZE (1u << 20) /* of MMCONFIG */
#define PAGE 4096

bool machine_has_bus(const struct linux_machine *machine, unsigned bus)
{
	const struct cellhv_cell_config *cell = machine->cell;

	for (uint32_t i = 0; i < cell->links.count; i++)
		if (blob_links(cell)[i].function >> 8 == bus)
			return true;
	for (uint32_t i = 0; i < cell->functions.count; i++)
		if (blob_functions(cell)[i].address >> 8 == bus)
			return true;
	return false;
}

int machine_last_bus(const struct linux_machine *machine)
{
	for (int bus = BUSES - 1; bus >= 0; bus--)
		if (machine_has_bus(machine, (unsigned)bus))
			return bus;
	return -1;
}

bool machine_has_mmconfig(const struct linux_machine *machine)
{
	int last = machine_last_bus(machine);

	return machine->mmconfig_base && last >= 0 && (uint32_t)last <= machine->mmconfig_end_bus;
}

uint32_t machine_mmconfig_size(const struct linux_machine *machine)
{
	return (uint32_t)(machine_last_bus(machine) + 1) * BUS_SIZE;
}

/* A BAR below 64 Ki is one of ports. */
static bool meets_function(const struct cellhv_function *function, uint64_t start, uint64_t size)
{
	for (unsigned i = 0; i < CELLHV_FUNCTION_BARS; i++)
		if (function->bars[i].phys > UINT16_MAX &&
		    range_overlaps(function->bars[i].phys, function->bars[i].size, start, size))
			return true;
	return false;
}

bool machine_is_free(const struct linux_machine *machine, uint64_t start, uint64_t size)
{
	const struct cellhv_cell_config *cell = machine->cell;

	for (uint32_t i = 0; i < cell->memory.count; i++)
		if (range_overlaps(blob_memory(cell)[i].guest, blob_memory(cell)[i].size, start,
				   size))
			return false;
	for (uint32_t i = 0; i < cell->links.count; i++)
		if (range_overlaps(blob_links(cell)[i].guest,
				   cellhv_link_size(&blob_links(cell)[i].shared), start, size))
			return false;
	for (uint32_t i = 0; i < cell->functions.count; i++)
		if (meets_function(&blob_functions(cell)[i], start, size))
			return false;
	if (machine_has_mmconfig(machine) &&
	    range_overlaps(machine->mmconfig_base, machine_mmconfig_size(machine), start, size))
		return false;
	return !range_overlaps(cell->comm_address, PAGE, start, size);
}
