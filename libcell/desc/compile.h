/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptions to binary configurations. */
#ifndef LIBCELL_COMPILE_H
#define LIBCELL_COMPILE_H

#include "desc/desc.h"
#include "desc/place.h"
#include "driver/inventory.h"
#include "host/host.h"

/*
 * Everything that can be said before anything is taken: as diagnostics, then as desc_verdict().
 * ret_cpus: those listed, or the highest free ones.
 */
int compile_check(cell_desc *desc, const cell_host *host, const struct inventory *inventory,
		  struct cpuset *ret_cpus, struct place *ret_place);

int compile_blob(const cell_desc *desc, const struct cpuset *cpus, const struct place *place,
		 cell_blob **ret);

/* Bytes of RAM that have to be found. */
uint64_t compile_need(const cell_desc *desc);

#endif
