/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TSC clocks per round trip into the hypervisor, and of what a timer tick needs. Of several rounds
 * the quickest: the others were interrupted. The cost of the loop itself is taken off. For
 * tests/bench: no test, the clocks are only comparable on a machine that counts instructions.
 */
#include "runtime/x86/hypercall.h"
#include "runtime/x86/x86.h"

#define ROUNDS 10
#define CALLS 100 /* per round */
#define CODE_UNKNOWN 9999

/* An emulator that counts instructions has one clock for all CPUs: the others have to be idle. */
#define SETTLE_US 500000

static bool vmmcall;

static void nothing(void)
{
	asm volatile("" : : : "memory");
}

static void call_null(void)
{
	hypercall(vmmcall, CODE_UNKNOWN, 0, 0);
}

static void call_putc(void)
{
	hypercall(vmmcall, CELLHV_HC_CONSOLE_PUTC, '.', 0);
}

static void call_cpuid(void)
{
	cpuid(0);
}

/* Far enough ahead that it never fires. */
static void call_timer(void)
{
	apic_timer_arm(UINT32_MAX);
}

static struct ivshmem end;

/* To itself, where it stays pending: what the sender of a doorbell pays, whoever hears it. */
static void call_doorbell(void)
{
	ivshmem_ring(&end, end.id, 1);
}

/* Clocks of the quickest round. */
static uint64_t measure(void (*call)(void))
{
	uint64_t start, clocks, best = UINT64_MAX;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		start = rdtsc();
		for (unsigned int i = 0; i < CALLS; i++)
			call();
		clocks = rdtsc() - start;
		if (clocks < best)
			best = clocks;
	}
	return best;
}

void guest_main(void)
{
	static const struct {
		const char *name;
		void (*call)(void);
	} table[] = {
		{"hypercall", call_null}, {"putc", call_putc},	 {"cpuid", call_cpuid},
		{"eoi", apic_eoi},	  {"timer", call_timer}, {"doorbell", call_doorbell},
	};
	uint64_t loop;

	vmmcall = hypercall_is_vmmcall();
	apic_enable();
	if (!ivshmem_open(&end, 2, 0))
		printk("no link\n");
	ivshmem_enable(&end, 1, VECTOR_LINK);
	delay_us(SETTLE_US);
	loop = measure(nothing);
	for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint64_t clocks = measure(table[i].call);

		printk("\ncost %s %llu\n", table[i].name,
		       (unsigned long long)divide(clocks - loop, CALLS, NULL));
	}
}
