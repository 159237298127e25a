/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the root may still write to config space while a cell has a function: nothing that would
 * take the function away from the cell, or put another in its place. What it may not change stays
 * as it is, and the rest of the same write is done.
 */
#ifndef CORE_FUNCTION_ROOT_H
#define CORE_FUNCTION_ROOT_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;

/* Of 1, 2 or 4 bytes, aligned; of 0 bytes: all as it is now. */
struct function_write {
	unsigned offset, size;
	uint32_t value;
};

/* What a register of 4 bytes would say after it. (function_meets.c) */
uint32_t function_write_after(struct cpu *self, uint16_t address,
			      const struct function_write *write, unsigned offset);

/*
 * Whether by this write a function of the root's would decode something of a cell's function: by a
 * BAR, its ROM, or what it passes on as a bridge. Only what decodes counts, and what the write does
 * not change does not. (function_meets.c)
 */
bool function_meets(struct cpu *self, uint16_t address, const struct function_write *write);

/* Whether it is a bridge above a cell's function. */
bool function_is_above(uint16_t address);

/* What was held back while a BAR was sized is as the root has it: the filter is about to go. */
void function_root_settle(struct cpu *self);

/* Of 1, 2 or 4 bytes, aligned, below PCI_CONFIG_PAGE. Under the management lock. */
void function_root_write(struct cpu *self, uint16_t address, unsigned offset, unsigned size,
			 uint32_t value);

#endif
