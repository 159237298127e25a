/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/window.h"

#include "core/pool.h"
#include "core/string.h"

static size_t window_part(uint64_t phys, size_t size)
{
	size_t rest = PAGE_SIZE - (phys & (PAGE_SIZE - 1));

	return size < rest ? size : rest;
}

void window_copy_from(struct cpu *self, void *destination, uint64_t phys, size_t size)
{
	uint8_t *to = destination;

	while (size) {
		size_t part = window_part(phys, size);

		memcpy(to, arch_window_map(self, phys), part);
		to += part;
		phys += part;
		size -= part;
	}
	arch_window_unmap(self);
}

void window_copy_to(struct cpu *self, uint64_t phys, const void *source, size_t size)
{
	const uint8_t *from = source;

	while (size) {
		size_t part = window_part(phys, size);

		memcpy(arch_window_map(self, phys), from, part);
		from += part;
		phys += part;
		size -= part;
	}
	arch_window_unmap(self);
}
