/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other CPUs: the hypervisor starts them all at the reset address, where they leave their APIC ids
 * and halt (start.S). INIT and a start-up IPI for page 0 bring one back there with a stack.
 */
#include "internal.h"

#define STACK_SIZE 4096
#define APIC_ID_NONE UINT32_MAX
#define WAIT_MS 1000
#define INIT_TO_STARTUP_US 10000 /* Intel SDM vol. 3, 9.4.4.1 */
#define STARTUP_MS 200
#define STARTUP_TRIES 2

static char stacks[SMP_CPUS_MAX][STACK_SIZE] __attribute__((aligned(16)));
static void (*volatile entry)(void);

static bool wait_until(bool (*done)(unsigned int cpu), unsigned int cpu, unsigned int ms)
{
	uint64_t start = rdtsc(), clocks = clock_from_us(ms * 1000);

	while (!done(cpu)) {
		if (rdtsc() - start > clocks)
			return false;
		cpu_relax();
	}
	return true;
}

static bool has_arrived(unsigned int cpu)
{
	return smp_apic_ids[cpu] != APIC_ID_NONE;
}

static bool has_taken_entry(unsigned int cpu)
{
	(void)cpu;
	return !entry;
}

unsigned int smp_wait(void)
{
	unsigned int cpu = 0;

	while (cpu < comm->num_cpus && cpu < SMP_CPUS_MAX && wait_until(has_arrived, cpu, WAIT_MS))
		cpu++;
	return cpu;
}

uint32_t smp_apic_id(unsigned int cpu)
{
	return smp_apic_ids[cpu];
}

bool smp_start(unsigned int cpu, void (*function)(void))
{
	uint32_t id = smp_apic_ids[cpu];

	entry = function;
	smp_stack = (uint32_t)(uintptr_t)stacks[cpu] + STACK_SIZE;

	apic_send_init(id);
	delay_us(INIT_TO_STARTUP_US);
	for (unsigned int i = 0; i < STARTUP_TRIES; i++) {
		apic_send_startup(id, 0);
		if (wait_until(has_taken_entry, cpu, STARTUP_MS))
			return true;
	}
	return false;
}

_Noreturn void smp_main(void)
{
	void (*function)(void) = entry;

	interrupts_load();
	apic_enable();
	entry = NULL;
	function();
	cpu_halt();
}
