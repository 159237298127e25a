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

uint64_t window_read(struct cpu *self, uint64_t phys, unsigned size)
{
	const volatile void *at = arch_window_map(self, phys);
	uint64_t value = size == 1   ? *(const volatile uint8_t *)at
			 : size == 2 ? *(const volatile uint16_t *)at
			 : size == 4 ? *(const volatile uint32_t *)at
				     : *(const volatile uint64_t *)at;

	arch_window_unmap(self);
	return value;
}

void window_write(struct cpu *self, uint64_t phys, unsigned size, uint64_t value)
{
	volatile void *at = arch_window_map(self, phys);

	switch (size) {
	case 1:
		*(volatile uint8_t *)at = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)at = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)at = value;
		break;
	}
	arch_window_unmap(self);
}
