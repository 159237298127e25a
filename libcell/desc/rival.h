/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other side of a conflict: notes at the place in another cell's description that claims the
 * same. There is none where that description cannot be found or does not say so.
 */
#ifndef LIBCELL_RIVAL_H
#define LIBCELL_RIVAL_H

#include "desc/desc.h"

void rival_note_cpu(cell_desc *desc, const char *cell, uint32_t cpu);
void rival_note_memory(cell_desc *desc, const char *cell, uint64_t phys, uint64_t size);
void rival_note_ports(cell_desc *desc, const char *cell, uint32_t base, uint32_t count);
void rival_note_function(cell_desc *desc, const char *cell, uint16_t address);
void rival_note_irq(cell_desc *desc, const char *cell, uint32_t number);

#endif
