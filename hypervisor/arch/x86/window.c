/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/window.h"

#include "arch/x86/machine.h"
#include "arch/x86/x86.h"
#include "core/string.h"

/* Present, writable, accessed, dirty, not executable. */
#define WINDOW_ENTRY 0x8000000000000063ull

static void *window_address(const struct cpu *cpu)
{
	return (void *)(LAYOUT_WINDOWS + cpu->number * PAGE_SIZE);
}

int window_init(struct cpu *cpu)
{
	void *address = window_address(cpu);
	int err = paging_map(&machine.paging, (uint64_t)address, machine.memory_phys, PAGE_SIZE,
			     PAGING_READ);

	if (err < 0)
		return err;

	cpu->window_entry = paging_entry(&machine.paging, (uint64_t)address);
	window_unmap(cpu);
	return 0;
}

void *window_map(struct cpu *cpu, uint64_t phys)
{
	uint8_t *address = window_address(cpu);

	*(volatile uint64_t *)cpu->window_entry = (phys & PAGING_PHYS_MASK) | WINDOW_ENTRY;
	page_invalidate(address);
	return address + (phys & (PAGE_SIZE - 1));
}

void window_unmap(struct cpu *cpu)
{
	*(volatile uint64_t *)cpu->window_entry = 0;
	page_invalidate(window_address(cpu));
}

static size_t window_part(uint64_t phys, size_t size)
{
	size_t rest = PAGE_SIZE - (phys & (PAGE_SIZE - 1));

	return size < rest ? size : rest;
}

void window_copy_from(struct cpu *cpu, void *destination, uint64_t phys, size_t size)
{
	uint8_t *to = destination;

	while (size) {
		size_t part = window_part(phys, size);

		memcpy(to, window_map(cpu, phys), part);
		to += part;
		phys += part;
		size -= part;
	}
	window_unmap(cpu);
}

void window_copy_to(struct cpu *cpu, uint64_t phys, const void *source, size_t size)
{
	const uint8_t *from = source;

	while (size) {
		size_t part = window_part(phys, size);

		memcpy(window_map(cpu, phys), from, part);
		from += part;
		phys += part;
		size -= part;
	}
	window_unmap(cpu);
}
