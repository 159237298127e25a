/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests between CPUs, signals among a cell's, and who owns a CPU. */
#include "core/cpu.h"

#include "core/arch.h"
#include "core/cell.h"
#include "core/machine.h"
#include "core/panic.h"
#include "core/print.h"
#include "core/resource.h"

/* A CPU that runs guests answers within microseconds; an emulated one may be off its host. */
#define CPU_AWAIT_MS 2000u

/* One that is late has had this much time twice; what has not come by then does not come. */
#define CPU_LOST_AFTER 2u

#define SIGNAL_OWNER_SHIFT 32

struct cpu *cpus[CELLHV_MAX_CPUS];
uint32_t num_cpus;

void cpu_add(struct cpu *cpu)
{
	cpu->present = true;
	cpus[cpu->number] = cpu;
	if (cpu->number >= num_cpus)
		num_cpus = cpu->number + 1;
}

/*
 * One kick per setting of `kicked`: so a CPU can tell our NMIs from the machine's. A request set
 * before the flag was found set is seen by the CPU when it clears the flag.
 */
static void cpu_kick(struct cpu *cpu)
{
	if (!__atomic_test_and_set(&cpu->kicked, __ATOMIC_SEQ_CST))
		arch_kick(cpu);
}

void cpu_request(struct cpu *cpu, uint32_t requests)
{
	__atomic_or_fetch(&cpu->requests, requests, __ATOMIC_SEQ_CST);
	cpu_kick(cpu);
}

/*
 * The owner is part of the word: a signal that is under way while the CPU changes hands is lost,
 * and never the next owner's.
 */
void cpu_signal(struct cpu *cpu, const struct cell *from, uint32_t clear, uint32_t set)
{
	uint64_t word = __atomic_load_n(&cpu->signals, __ATOMIC_SEQ_CST);

	do {
		if (word >> SIGNAL_OWNER_SHIFT != from->id)
			return;
	} while (!__atomic_compare_exchange_n(&cpu->signals, &word, (word & ~(uint64_t)clear) | set,
					      false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	cpu_kick(cpu);
}

void cpu_set_owner(struct cpu *cpu, struct cell *cell)
{
	if (__atomic_load_n(&cpu->activity, __ATOMIC_ACQUIRE) != CPU_PARKED)
		panic("CPU %u changes hands while it is not parked", cpu->number);

	cpu->cell = cell;
	__atomic_store_n(&cpu->signals, (uint64_t)cell->id << SIGNAL_OWNER_SHIFT, __ATOMIC_SEQ_CST);
}

/* The kick of that stop is still under way, so no second one is sent (cpu_kick). */
bool cpu_is_lost(const struct cpu *cpu)
{
	return cpu->unanswered >= CPU_LOST_AFTER &&
	       __atomic_load_n(&cpu->requests, __ATOMIC_ACQUIRE) & CPU_REQUEST_PARK;
}

/* It looks at neither before it is parked. */
void cpu_leave_lost(struct cpu *cpu)
{
	cpu->cell = &root_cell;
	__atomic_store_n(&cpu->signals, (uint64_t)root_cell.id << SIGNAL_OWNER_SHIFT,
			 __ATOMIC_SEQ_CST);
	__atomic_or_fetch(&cpu->requests, CPU_REQUEST_RETURN, __ATOMIC_SEQ_CST);
	print("CPU %u does not answer, and is nobody's until it does\n", cpu->number);
}

bool cpu_all_inside(void)
{
	uint32_t inside = 0;

	for (uint32_t i = 0; i < num_cpus; i++) {
		const struct cpu *cpu = cpu_by_number(i);

		inside += cpu && !cpu->leaving;
	}
	return inside == machine.num_cpus;
}

bool cpu_await(struct cpu *cpu, uint32_t requests)
{
	uint64_t start = arch_ticks();

	while (__atomic_load_n(&cpu->requests, __ATOMIC_ACQUIRE) & requests) {
		arch_help(cpu);
		if (arch_ticks() - start > (uint64_t)CPU_AWAIT_MS * machine.ticks_per_ms)
			return false;
		arch_pause();
	}
	return true;
}

static void cpu_done(struct cpu *cpu, uint32_t request)
{
	__atomic_and_fetch(&cpu->requests, ~request, __ATOMIC_RELEASE);
}

static void cpu_park(struct cpu *cpu)
{
	cpu->activity = CPU_PARKED;
	arch_park(cpu);
}

/* Jailhouse's guests start at their reset address with all CPUs. */
static void cpu_reset(struct cpu *cpu)
{
	for (unsigned i = 0; i < CELLHV_EXIT_MAX; i++)
		cpu->stats[i] = 0;
	arch_start(cpu);
	cpu->activity = CPU_GUEST;
}

static void cpu_return(struct cpu *cpu)
{
	arch_await_start(cpu);
	cpu->activity = CPU_AWAITS_START;
}

static void cpu_release(struct cpu *cpu)
{
	arch_release(cpu);
}

/*
 * In the order in which they were made where several are set: a start waits for nobody, so a stop
 * may come behind it; all others are made of a CPU that has served those before.
 */
static const struct {
	uint32_t request;
	void (*serve)(struct cpu *cpu);
} cpu_requests[] = {
	{CPU_REQUEST_FLUSH, arch_flush},    {CPU_REQUEST_RESET, cpu_reset},
	{CPU_REQUEST_PARK, cpu_park},	    {CPU_REQUEST_RETURN, cpu_return},
	{CPU_REQUEST_RELEASE, cpu_release},
};

/* A parked CPU forgets them: only the management gets it going. */
static void cpu_take_signals(struct cpu *cpu)
{
	const uint64_t owner = UINT64_MAX << SIGNAL_OWNER_SHIFT;
	uint64_t word = __atomic_fetch_and(&cpu->signals, owner, __ATOMIC_SEQ_CST);

	if (cpu->activity != CPU_PARKED)
		arch_take_signals(cpu, (uint32_t)word);
}

bool cpu_may_complain(struct cpu *self)
{
	return line_limit_allows(&self->complaints);
}

void cpu_serve_requests(struct cpu *cpu)
{
	uint32_t requests;

	if (panicked)
		panic_stop();

	requests = __atomic_load_n(&cpu->requests, __ATOMIC_ACQUIRE);
	for (unsigned i = 0; i < sizeof(cpu_requests) / sizeof(*cpu_requests); i++) {
		if (!(requests & cpu_requests[i].request))
			continue;
		cpu_requests[i].serve(cpu);
		cpu_done(cpu, cpu_requests[i].request);
	}
	cpu_take_signals(cpu);
}

void cpu_fail(struct cpu *cpu, uint32_t reason, uint64_t address, uint64_t detail)
{
	struct cell *cell = cpu->cell;
	const struct cellhv_failure failure = {reason, cpu->number, arch_guest_address(cpu),
					       address, detail};

	__atomic_or_fetch(&cell->failed_cpus[cpu->number / 64], 1ull << (cpu->number % 64),
			  __ATOMIC_SEQ_CST);
	cell_fail(cell, &failure);
	print("CPU %u of cell \"%s\" parked: reason %u, rip %llx, address %llx, detail %llx\n",
	      cpu->number, cell->name, reason, (unsigned long long)failure.rip,
	      (unsigned long long)address, (unsigned long long)detail);
	cpu->activity = CPU_PARKED;
	arch_silence(cpu);
}

void cpu_end_guest(struct cpu *cpu, uint32_t end)
{
	uint32_t before = CELL_GOES_ON;

	/* Of several CPUs the first one is believed. */
	__atomic_compare_exchange_n(&cpu->cell->ended, &before, end, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	cpu->activity = CPU_PARKED;
	arch_silence(cpu);
}
