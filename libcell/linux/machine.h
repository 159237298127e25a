/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cell's machine, as Linux is told of it. */
#ifndef LIBCELL_LINUX_MACHINE_H
#define LIBCELL_LINUX_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <cellhv/config.h>

struct linux_machine {
	const struct cellhv_cell_config *cell;
	uint16_t pm_timer_port;
	uint64_t mmconfig_base;	   /* the host's window is where the cell's is; 0: none */
	uint32_t mmconfig_end_bus; /* of the host's */
};

/* Has the cell something on that bus of its own PCI? */
bool machine_has_bus(const struct linux_machine *machine, unsigned bus);

/* The highest bus that has something; -1: there is no PCI. */
int machine_last_bus(const struct linux_machine *machine);

bool machine_has_mmconfig(const struct linux_machine *machine);

/* Bytes of the cell's MMCONFIG window. */
uint32_t machine_mmconfig_size(const struct linux_machine *machine);

/* Is nothing of the cell's there? */
bool machine_is_free(const struct linux_machine *machine, uint64_t start, uint64_t size);

#endif
