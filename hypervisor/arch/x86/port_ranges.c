/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/port_ranges.h"

#include "arch/x86/kept.h"
#include "arch/x86/machine.h"
#include "core/arch.h"
#include "core/errno.h"
#include "core/panic.h"
#include "core/string.h"

#define ARCH_CELL_PAGES ((uint32_t)(sizeof(struct arch_cell) / PAGE_SIZE))

uint8_t *port_ranges_bitmap(const struct cell *cell)
{
	if (cell_is_root(cell))
		return x86_machine.root_port_bitmap;
	return cell->arch ? cell->arch->port_bitmap : x86_machine.cell_port_bitmap;
}

static bool port_ranges_overlap(const struct cellhv_cell_config *config,
				const struct cellhv_port_range *wanted)
{
	for (uint32_t i = 0; i < config->ports.count; i++) {
		const struct cellhv_port_range *range = config_ports(config, i);

		if (wanted->base < range->base + range->count &&
		    range->base < wanted->base + wanted->count)
			return true;
	}
	return false;
}

/* By a cell other than the root. */
static bool port_ranges_are_owned(const struct cellhv_port_range *wanted)
{
	for (const struct cell *cell = cells; cell; cell = cell->next)
		if (port_ranges_overlap(cell->config, wanted))
			return true;
	return false;
}

int arch_check_ports(const struct cellhv_cell_config *config, struct cellhv_call *call)
{
	for (uint32_t i = 0; i < config->ports.count; i++) {
		const struct cellhv_port_range *range = config_ports(config, i);

		if (port_ranges_are_owned(range) || kept_ports(range->base, range->count))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_PORT_OWNED, range->base);
	}
	return 0;
}

int arch_reserve_ports(struct cell *cell)
{
	if (!cell->config->ports.count)
		return 0;

	cell->arch = pool_alloc(&machine.pool, ARCH_CELL_PAGES);
	if (!cell->arch)
		return -ENOMEM;

	memcpy(cell->arch->port_bitmap, x86_machine.cell_port_bitmap, PORT_BITMAP_SIZE);
	for (uint32_t i = 0; i < cell->config->ports.count; i++) {
		const struct cellhv_port_range *range = config_ports(cell->config, i);

		port_bitmap_allow(cell->arch->port_bitmap, range->base, range->count);
	}
	return 0;
}

void arch_set_root_ports(const struct cell *cell, bool root_may)
{
	for (uint32_t i = 0; i < cell->config->ports.count; i++) {
		const struct cellhv_port_range *range = config_ports(cell->config, i);

		if (root_may)
			port_bitmap_allow(x86_machine.root_port_bitmap, range->base, range->count);
		else
			port_bitmap_deny(x86_machine.root_port_bitmap, range->base, range->count);
	}
}

void arch_release_ports(struct cell *cell)
{
	pool_free(&machine.pool, cell->arch, ARCH_CELL_PAGES);
}

void arch_verify_ports(const struct cell *cell)
{
	for (uint32_t i = 0; i < cell->config->ports.count; i++) {
		const struct cellhv_port_range *range = config_ports(cell->config, i);

		for (uint32_t port = range->base; port < range->base + range->count; port++)
			if (port_bitmap_allowed(x86_machine.root_port_bitmap, port, 1) ||
			    !port_bitmap_allowed(port_ranges_bitmap(cell), port, 1))
				panic("port %x has not exactly one owner", port);
	}
}
