/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/panic.h"

#include "core/arch.h"
#include "core/cpu.h"
#include "core/pool.h"
#include "core/print.h"

bool panicked;

void panic_stop(void)
{
	arch_halt();
}

void panic(const char *format, ...)
{
	va_list args;

	if (__atomic_test_and_set(&panicked, __ATOMIC_SEQ_CST))
		panic_stop();

	print_force_unlock();
	print("PANIC: ");
	va_start(args, format);
	print_list(format, args);
	va_end(args);
	print("\n");
	for (uint32_t i = 0; i < num_cpus; i++) {
		if (!cpus[i] || !cpus[i]->present)
			continue;
		print("CPU %u: cell %p, activity %u, exits %llu\n", i, (void *)cpus[i]->cell,
		      cpus[i]->activity, (unsigned long long)cpus[i]->stats[CELLHV_EXIT_TOTAL]);
		cpu_request(cpus[i], 0);
	}
	panic_stop();
}

void pool_broken(const struct page_pool *pool, const void *pages)
{
	panic("page %p freed twice or not of the pool at %p", pages, (const void *)pool);
}
