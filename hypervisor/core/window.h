/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest and root memory by physical address, through arch_window_map(). */
#ifndef CORE_WINDOW_H
#define CORE_WINDOW_H

#include <stddef.h>

#include "core/arch.h"

/* Any size; the caller has checked who owns the range. The window is closed afterwards. */
void window_copy_from(struct cpu *self, void *destination, uint64_t phys, size_t size);
void window_copy_to(struct cpu *self, uint64_t phys, const void *source, size_t size);

#endif
