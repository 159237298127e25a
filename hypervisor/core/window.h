/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest and root memory by physical address, through arch_window_map(). */
#ifndef CORE_WINDOW_H
#define CORE_WINDOW_H

#include <stddef.h>

#include "core/arch.h"

/* Any size; the caller has checked who owns the range. The window is closed afterwards. */
void window_copy_from(struct cpu *self, void *destination, uint64_t phys, size_t size);
void window_copy_to(struct cpu *self, uint64_t phys, const void *source, size_t size);

/* One access to a register, of 1, 2, 4 or 8 bytes within a page. */
uint64_t window_read(struct cpu *self, uint64_t phys, unsigned size);
void window_write(struct cpu *self, uint64_t phys, unsigned size, uint64_t value);

#endif
