/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
#include "core/config_device.h"

#include <cellhv/manage.h>

#include "core/config_format.h"
#include "core/errno.h"
#include "core/range.h"

#define PAGE_MASK 0xfffull
#define PORTS 0x10000ull
#define PCI_PORTS 0xcf8u      /* nobody's */
#define PC_IOAPIC 0xfec00000u /* CELLHV_PC_IOAPIC: a cell that has that one has no other there */
#define IOAPIC_PINS 240u      /* that its version register can tell: Intel 82093AA, 3.2.2 */

static bool is_list(const uint16_t *entries, uint32_t count, uint32_t max)
{
	if (count > max)
		return false;

	for (uint32_t i = 0; i < max; i++) {
		if (i >= count && entries[i])
			return false;
		for (uint32_t other = 0; i < count && other < i; other++)
			if (entries[i] == entries[other])
				return false;
	}
	return true;
}

/* Naturally aligned, as a register of that size cannot say anything else. */
static bool bar_is_valid(const struct cellhv_bar *bar)
{
	if (!bar->size)
		return !bar->phys;
	if (config_bar_is_memory(bar) ? bar->phys & PAGE_MASK
				      : bar->phys + bar->size > PORTS ||
						range_overlaps(bar->phys, bar->size, PCI_PORTS, 8))
		return false;
	return !(bar->size & (bar->size - 1)) && !(bar->phys & (bar->size - 1)) && bar->phys &&
	       bar->phys <= UINT64_MAX - bar->size;
}

static bool function_is_valid(const struct cellhv_function *function)
{
	for (uint32_t i = 0; i < CELLHV_FUNCTION_BARS; i++)
		if (!bar_is_valid(&function->bars[i]))
			return false;
	return !(function->flags & ~CELLHV_FUNCTION_FLAGS) && function->num_requesters &&
	       is_list(function->requesters, function->num_requesters,
		       CELLHV_FUNCTION_REQUESTERS) &&
	       is_list(function->bridges, function->num_bridges, CELLHV_FUNCTION_BRIDGES);
}

/* A BAR is where it is, for the guest too: nothing else of the cell's is there. */
static bool bar_meets_memory(const struct cellhv_cell_config *config, const struct cellhv_bar *bar)
{
	uint64_t size = config_bar_pages(bar);

	for (uint32_t i = 0; i < config->memory.count; i++) {
		const struct cellhv_memory_region *region = config_memory(config, i);

		if (range_overlaps(bar->phys, size, region->phys, region->size) ||
		    range_overlaps(bar->phys, size, region->guest, region->size))
			return true;
	}
	for (uint32_t i = 0; i < config->links.count; i++) {
		const struct cellhv_link *link = config_link(config, i);
		uint64_t link_size = cellhv_link_size(&link->shared);

		if (range_overlaps(bar->phys, size, link->shared.phys, link_size) ||
		    range_overlaps(bar->phys, size, link->guest, link_size))
			return true;
	}
	return range_overlaps(bar->phys, size, config->comm_address, PAGE_MASK + 1);
}

/* Of BARs in pages of memory, or of ports. */
static bool bars_overlap(const struct cellhv_bar *bar, const struct cellhv_bar *other)
{
	if (!bar->size || !other->size)
		return false;
	return range_overlaps(
		bar->phys, config_bar_is_memory(bar) ? config_bar_pages(bar) : bar->size,
		other->phys, config_bar_is_memory(other) ? config_bar_pages(other) : other->size);
}

static bool bar_is_alone(const struct cellhv_cell_config *config, uint32_t index, uint32_t bar)
{
	const struct cellhv_bar *bars = config_function(config, index)->bars;

	if (config_bar_is_memory(&bars[bar]) && bar_meets_memory(config, &bars[bar]))
		return false;
	for (uint32_t i = 0; i <= index; i++)
		for (uint32_t n = 0; n < (i < index ? CELLHV_FUNCTION_BARS : bar); n++)
			if (bars_overlap(&bars[bar], &config_function(config, i)->bars[n]))
				return false;
	return true;
}

/* Nothing of it is another's: the cell's other functions, those of its links among them, are at
 * other addresses. */
static bool function_is_alone(const struct cellhv_cell_config *config, uint32_t index)
{
	uint16_t address = config_function(config, index)->address;

	/* Whose pin it would be is not known here, but that the cell has one. */
	if (config_function(config, index)->flags & CELLHV_FUNCTION_PIN && !config->pins.count)
		return false;
	for (uint32_t bar = 0; bar < CELLHV_FUNCTION_BARS; bar++)
		if (!bar_is_alone(config, index, bar))
			return false;
	for (uint32_t i = 0; i < index; i++)
		if (config_function(config, i)->address == address)
			return false;
	for (uint32_t i = 0; i < config->links.count; i++)
		if (config_link(config, i)->function == address)
			return false;
	return true;
}

static bool pin_is_valid(const struct cellhv_cell_config *config, uint32_t index)
{
	const struct cellhv_pin *pin = config_pin(config, index);
	/* Where the chip is, for the guest too. */
	const struct cellhv_bar registers = {pin->ioapic, PAGE_MASK + 1};

	if (!pin->ioapic || pin->ioapic & PAGE_MASK || pin->pin >= IOAPIC_PINS ||
	    pin->flags & ~CELLHV_PIN_FLAGS ||
	    (config->flags & CELLHV_CELL_PLATFORM_PC && pin->ioapic == PC_IOAPIC) ||
	    bar_meets_memory(config, &registers))
		return false;

	for (uint32_t i = 0; i < index; i++) {
		const struct cellhv_pin *other = config_pin(config, i);

		if (other->ioapic == pin->ioapic && other->pin == pin->pin)
			return false;
	}
	return true;
}

int config_validate_devices(const struct cellhv_cell_config *config, struct config_error *error)
{
	for (uint32_t i = 0; i < config->functions.count; i++)
		if (!function_is_valid(config_function(config, i)) || !function_is_alone(config, i))
			return config_fail(error, CELLHV_CHECK_CONFIG_FUNCTION, i);

	for (uint32_t i = 0; i < config->pins.count; i++)
		if (!pin_is_valid(config, i))
			return config_fail(error, CELLHV_CHECK_CONFIG_PIN, i);
	return 0;
}
