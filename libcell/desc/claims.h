/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_CLAIMS_H
#define LIBCELL_CLAIMS_H

#include "desc/desc.h"
#include "driver/inventory.h"
#include "host/host.h"

/*
 * What a description claims of the machine, against what there is and what other cells own (a cell
 * of the same name is this one). Reports conflicts, and cores that are shared; *ret_cpus: those
 * listed, or chosen.
 */
void claims_check(cell_desc *desc, const cell_host *host, const struct inventory *inventory,
		  struct cpuset *ret_cpus);

/* Whether RAM that is pinned at the pointer is free, or could be taken from Linux. */
void claims_check_ram(cell_desc *desc, const struct memory *memory, const char *pointer,
		      uint64_t phys, uint64_t size);

#endif
