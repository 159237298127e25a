/* SPDX-License-Identifier: GPL-2.0-only */
/* Ranges of I/O ports that cells own: bitmaps say to the processor who may use which. */
#ifndef X86_PORT_RANGES_H
#define X86_PORT_RANGES_H

#include "arch/x86/permissions.h"
#include "core/cell.h"
#include "core/resource.h"

/* What a cell with ports of its own has beside struct cell; NULL: it has none. */
struct arch_cell {
	uint8_t port_bitmap[PORT_BITMAP_SIZE];
};

extern const struct resource port_resource;

/* The bitmap that holds for the CPUs of a cell, the root among them. */
uint8_t *port_ranges_bitmap(const struct cell *cell);

#endif
