/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/port_ranges.h"

#include "arch/x86/kept.h"
#include "arch/x86/machine.h"
#include "core/errno.h"
#include "core/panic.h"
#include "core/range.h"
#include "core/string.h"

#define ARCH_CELL_PAGES ((uint32_t)(sizeof(struct arch_cell) / PAGE_SIZE))

uint8_t *port_ranges_bitmap(const struct cell *cell)
{
	if (cell_is_root(cell))
		return x86_machine.root_port_bitmap;
	return cell->arch ? cell->arch->port_bitmap : x86_machine.cell_port_bitmap;
}

/* By a cell other than the root. */
static bool port_is_owned(const struct cellhv_port_range *wanted)
{
	struct cellhv_port_range range;

	for (const struct cell *cell = cells; cell; cell = cell->next)
		for (uint32_t i = 0; config_port_range(cell->config, i, &range); i++)
			if (range_overlaps(wanted->base, wanted->count, range.base, range.count))
				return true;
	return false;
}

static int port_check(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	struct cellhv_port_range range;

	(void)self;
	for (uint32_t i = 0; config_port_range(cell->config, i, &range); i++)
		if (port_is_owned(&range) || kept_ports(range.base, range.count))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_PORT_OWNED, range.base);
	return 0;
}

static int port_reserve(struct cell *cell)
{
	struct cellhv_port_range range;

	if (!config_port_range(cell->config, 0, &range))
		return 0;

	cell->arch = pool_alloc(&machine.pool, ARCH_CELL_PAGES);
	if (!cell->arch)
		return -ENOMEM;

	memcpy(cell->arch->port_bitmap, x86_machine.cell_port_bitmap, PORT_BITMAP_SIZE);
	for (uint32_t i = 0; config_port_range(cell->config, i, &range); i++)
		port_bitmap_allow(cell->arch->port_bitmap, range.base, range.count);
	return 0;
}

static void port_set_root(const struct cell *cell, bool root_may)
{
	struct cellhv_port_range range;

	for (uint32_t i = 0; config_port_range(cell->config, i, &range); i++) {
		if (root_may)
			port_bitmap_allow(x86_machine.root_port_bitmap, range.base, range.count);
		else
			port_bitmap_deny(x86_machine.root_port_bitmap, range.base, range.count);
	}
}

static int port_take(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	(void)self;
	(void)call;
	port_set_root(cell, false);
	return 0;
}

static void port_drop(struct cell *cell)
{
	port_set_root(cell, true);
}

static void port_release(struct cell *cell)
{
	pool_free(&machine.pool, cell->arch, ARCH_CELL_PAGES);
}

static void port_verify_cell(const struct cell *cell)
{
	struct cellhv_port_range range;

	for (uint32_t i = 0; config_port_range(cell->config, i, &range); i++) {
		for (uint32_t port = range.base; port < range.base + range.count; port++)
			if (port_bitmap_allowed(x86_machine.root_port_bitmap, port, 1) ||
			    !port_bitmap_allowed(port_ranges_bitmap(cell), port, 1))
				panic("port %x has not exactly one owner", port);
	}
}

static void port_verify(void)
{
	for (const struct cell *cell = cells; cell; cell = cell->next)
		port_verify_cell(cell);
}

const struct resource port_resource = {
	.check = port_check,
	.reserve = port_reserve,
	.take = port_take,
	.drop = port_drop,
	.release = port_release,
	.verify = port_verify,
};
