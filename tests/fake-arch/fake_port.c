/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kind of resource that is the architecture's own: ports. */
#include "core/arch.h"
#include "core/errno.h"
#include "core/panic.h"
#include "core/range.h"
#include "core/resource.h"
#include "fake.h"

#define PORT_PAGES ((uint32_t)(sizeof(struct arch_cell) / PAGE_SIZE))

static bool get_port(const uint8_t *ports, uint32_t port)
{
	return ports[port / 8] >> (port % 8) & 1;
}

static void set_ports(uint8_t *ports, const struct cellhv_port_range *range, bool on)
{
	for (uint32_t port = range->base; port < range->base + range->count; port++) {
		uint8_t bit = (uint8_t)(1u << (port % 8));

		ports[port / 8] = (uint8_t)(on ? ports[port / 8] | bit : ports[port / 8] & ~bit);
	}
}

static bool is_roots(const struct cellhv_port_range *range)
{
	for (uint32_t port = range->base; port < range->base + range->count; port++)
		if (!get_port(fake.root_ports, port))
			return false;
	return !range_overlaps(range->base, range->count, FAKE_KEPT_PORT, 1);
}

static int fake_port_check(struct cpu *self, const struct cell *cell, struct cellhv_call *call)
{
	struct cellhv_port_range range;

	(void)self;
	for (uint32_t i = 0; config_port_range(cell->config, i, &range); i++) {
		if (!is_roots(&range))
			return cell_refuse(call, -EBUSY, CELLHV_CHECK_PORT_OWNED, range.base);
	}
	return 0;
}

static int fake_port_reserve(struct cell *cell)
{
	struct cellhv_port_range range;

	if (!config_port_range(cell->config, 0, &range))
		return 0;

	cell->arch = pool_alloc(&machine.pool, PORT_PAGES);
	for (uint32_t i = 0; cell->arch && config_port_range(cell->config, i, &range); i++)
		set_ports(cell->arch->ports, &range, true);
	return cell->arch ? 0 : -ENOMEM;
}

static int fake_port_take(struct cpu *self, struct cell *cell, struct cellhv_call *call)
{
	struct cellhv_port_range range;

	(void)self;
	(void)call;
	for (uint32_t i = 0; config_port_range(cell->config, i, &range); i++)
		set_ports(fake.root_ports, &range, false);
	return 0;
}

static void fake_port_drop(struct cell *cell)
{
	struct cellhv_port_range range;

	for (uint32_t i = 0; config_port_range(cell->config, i, &range); i++)
		set_ports(fake.root_ports, &range, true);
}

static void fake_port_release(struct cell *cell)
{
	pool_free(&machine.pool, cell->arch, PORT_PAGES);
}

static void fake_port_verify(void)
{
	struct cellhv_port_range range;

	for (const struct cell *cell = cells; cell; cell = cell->next) {
		for (uint32_t i = 0; config_port_range(cell->config, i, &range); i++) {
			uint32_t port = range.base;

			if (get_port(fake.root_ports, port) || !get_port(cell->arch->ports, port))
				panic("port %x has not exactly one owner", port);
		}
	}
}

const struct resource fake_port_resource = {
	.check = fake_port_check,
	.reserve = fake_port_reserve,
	.take = fake_port_take,
	.drop = fake_port_drop,
	.release = fake_port_release,
	.verify = fake_port_verify,
};
