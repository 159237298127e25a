/* SPDX-License-Identifier: GPL-2.0-only */
/* Of what core asks (core/arch.h): what the processor does by an instruction or two. */
#include "core/arch.h"

#include "arch/x86/x86.h"
#include "core/pool.h"

void arch_pause(void)
{
	__builtin_ia32_pause();
}

uint64_t arch_ticks(void)
{
	return tsc_read();
}

void arch_halt(void)
{
	for (;;)
		halt_forever();
}

void arch_write_back(const void *address, uint64_t size)
{
	uintptr_t line = (uintptr_t)address & ~(uintptr_t)(CACHE_LINE - 1);

	for (; line < (uintptr_t)address + size; line += CACHE_LINE)
		cache_flush((const void *)line);
	__asm__ volatile("mfence" : : : "memory");
}

void arch_clear_page(void *page)
{
	memory_clear(page, PAGE_SIZE);
}
