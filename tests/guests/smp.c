/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Start all CPUs of the cell by INIT and start-up IPIs, then play IPI ping-pong with each.
 */
#include "runtime/x86/x86.h"

#define ROUNDS 200
#define PATIENCE_US 2000000

static volatile unsigned int cpus_up = 1;
static volatile unsigned int pings; /* seen by the other CPUs */
static volatile unsigned int pongs; /* seen by CPU 0 */
static volatile bool timed_out;

static void on_ipi(struct interrupt_frame *frame)
{
	(void)frame;
	if (apic_id() == smp_apic_id(0)) {
		pongs++;
	} else {
		pings++;
		apic_send_ipi(smp_apic_id(0), VECTOR_IPI);
	}
	apic_eoi();
}

static void on_timer(struct interrupt_frame *frame)
{
	(void)frame;
	timed_out = true;
	apic_eoi();
}

static void secondary(void)
{
	printk("CPU with APIC id %u is up\n", apic_id());
	__atomic_fetch_add(&cpus_up, 1, __ATOMIC_SEQ_CST);
	for (;;)
		cpu_idle();
}

static void verdict(bool ok, const char *what, unsigned int cpu, unsigned int count)
{
	printk("%s %s: CPU %u, %u\n", ok ? "ok" : "not ok", what, cpu, count);
}

static bool start(unsigned int cpu)
{
	unsigned int before = cpus_up;
	uint64_t begin = rdtsc();

	if (!smp_start(cpu, secondary))
		return false;
	while (cpus_up == before && rdtsc() - begin < clock_from_us(PATIENCE_US))
		cpu_relax();
	return cpus_up == before + 1;
}

/* The timer wakes CPU 0 where a ping or its pong is lost. */
static void ping_pong(unsigned int cpu)
{
	pings = pongs = 0;
	timed_out = false;
	for (unsigned int round = 1; round <= ROUNDS && !timed_out; round++) {
		apic_timer_arm(tsc_to_apic(clock_from_us(PATIENCE_US)));
		apic_send_ipi(smp_apic_id(cpu), VECTOR_IPI);
		while (pongs != round && !timed_out)
			cpu_idle();
	}
	verdict(pings == ROUNDS && pongs == ROUNDS, "smp-ipi", cpu, pongs);
}

void guest_main(void)
{
	unsigned int cpus = smp_wait();

	verdict(cpus == comm->num_cpus && cpus > 1, "smp-arrived", 0, cpus);
	apic_enable();
	interrupts_set_handler(VECTOR_TIMER, on_timer);
	interrupts_set_handler(VECTOR_IPI, on_ipi);
	apic_timer_one_shot(VECTOR_TIMER);

	for (unsigned int cpu = 1; cpu < cpus; cpu++) {
		bool up = start(cpu);

		verdict(up, "smp-start", cpu, cpus_up);
		if (up)
			ping_pong(cpu);
	}
}
