/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the root may still write to config space while a cell has a function: nothing that would
 * take the function away from the cell, or put another in its place. What it may not change stays
 * as it is, and the rest of the same write is done.
 */
#ifndef CORE_FUNCTION_ROOT_H
#define CORE_FUNCTION_ROOT_H

#include <stdint.h>

struct cpu;

/* Of 1, 2 or 4 bytes, aligned. */
struct root_write {
	unsigned offset, size;
	uint32_t value;
};

/* What a register of 4 bytes would say after it. */
uint32_t root_write_after(struct cpu *self, uint16_t address, const struct root_write *write,
			  unsigned offset);

/* Of 1, 2 or 4 bytes, aligned, below PCI_CONFIG_PAGE. Under the management lock. */
void function_root_write(struct cpu *self, uint16_t address, unsigned offset, unsigned size,
			 uint32_t value);

#endif
