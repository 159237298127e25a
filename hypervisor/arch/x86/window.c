/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/window.h"

#include "arch/x86/machine.h"
#include "arch/x86/x86.h"

/* Present, writable, accessed, dirty, not executable. */
#define WINDOW_ENTRY 0x8000000000000063ull

static void *window_address(const struct cpu *cpu)
{
	return (void *)(LAYOUT_WINDOWS + cpu->number * PAGE_SIZE);
}

int window_init(struct cpu *cpu)
{
	void *address = window_address(cpu);
	int err = paging_map(&x86_machine.paging, (uint64_t)address, machine.memory_phys, PAGE_SIZE,
			     PAGING_READ);

	if (err < 0)
		return err;

	cpu->arch->window_entry = paging_entry(&x86_machine.paging, (uint64_t)address);
	arch_window_unmap(cpu);
	return 0;
}

void *arch_window_map(struct cpu *cpu, uint64_t phys)
{
	uint8_t *address = window_address(cpu);

	*(volatile uint64_t *)cpu->arch->window_entry = (phys & PAGING_PHYS_MASK) | WINDOW_ENTRY;
	page_invalidate(address);
	return address + (phys & (PAGE_SIZE - 1));
}

void arch_window_unmap(struct cpu *cpu)
{
	*(volatile uint64_t *)cpu->arch->window_entry = 0;
	page_invalidate(window_address(cpu));
}
