/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cells that exist, and what they own. */
#ifndef LIBCELL_INVENTORY_H
#define LIBCELL_INVENTORY_H

#include <cellhv/driver.h>

#include "base/context.h"
#include "base/range.h"
#include "host/cpuset.h"

struct inventory_cell {
	struct cellhv_cell_info info;
	struct cpuset cpus;
	struct cellhv_cell_config *config; /* info.config_size bytes, valid */
};

struct inventory {
	size_t n;
	struct inventory_cell *cells; /* by ascending id */
};

/* fd: the device; -1: no driver, so no cells. */
int inventory_read(cell_context *context, int fd, struct inventory *ret);
void inventory_clear(struct inventory *inventory);

/* What a cell was created with; to be freed. */
int inventory_config(cell_context *context, int fd, const struct cellhv_cell_info *info,
		     struct cellhv_cell_config **ret);

/* All but the cell `except` (NULL: none). */
int inventory_memory(const struct inventory *inventory, const char *except, struct ranges *ret);
const struct inventory_cell *inventory_by_cpu(const struct inventory *inventory, uint32_t cpu);
const struct inventory_cell *inventory_by_memory(const struct inventory *inventory, uint64_t phys,
						 uint64_t size);
const struct inventory_cell *inventory_by_ports(const struct inventory *inventory, uint32_t base,
						uint32_t count);
/* *ret: as that cell was created with it. address: as of struct cellhv_function */
const struct inventory_cell *inventory_by_function(const struct inventory *inventory,
						   uint32_t address,
						   const struct cellhv_function **ret);
const struct inventory_cell *inventory_by_pin(const struct inventory *inventory, uint64_t ioapic,
					      uint32_t pin);

#endif
