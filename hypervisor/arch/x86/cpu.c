/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests between CPUs, and what a CPU does for them. */
#include "core/cpu.h"

#include "arch/x86/apic.h"
#include "arch/x86/fpu.h"
#include "arch/x86/leave.h"
#include "arch/x86/machine.h"
#include "arch/x86/renew.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/comm.h"
#include "core/link.h"
#include "core/panic.h"
#include "core/print.h"

/* A CPU that runs guests answers within microseconds; an emulated one may be off its host. */
#define CPU_AWAIT_MS 2000u

#define CPU_COMPLAINTS_PER_SECOND 8u

/* Parts of cpu->signals, above CPU_SIGNAL_*. */
#define SIGNAL_VECTOR_SHIFT 8
#define SIGNAL_VECTOR (0xffull << SIGNAL_VECTOR_SHIFT)
#define SIGNAL_OWNER_SHIFT 32

struct cpu *cpus[CELLHV_MAX_CPUS];
uint32_t num_cpus;

/*
 * One NMI per setting of `kicked`: so a CPU can tell our NMIs from the machine's. A request set
 * before the flag was found set is seen by the CPU when it clears the flag.
 */
static void cpu_kick(struct cpu *cpu)
{
	if (!__atomic_test_and_set(&cpu->kicked, __ATOMIC_SEQ_CST))
		apic_send(cpu_self(), cpu->apic_id, APIC_DELIVERY_NMI | APIC_ASSERT);
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
void cpu_signal(struct cpu *cpu, const struct cell *from, uint32_t signal, uint8_t vector)
{
	uint64_t word = __atomic_load_n(&cpu->signals, __ATOMIC_SEQ_CST), next;

	do {
		if (word >> SIGNAL_OWNER_SHIFT != from->id)
			return;
		next = word | signal;
		if (signal == CPU_SIGNAL_SIPI)
			next = (next & ~SIGNAL_VECTOR) | (uint64_t)vector << SIGNAL_VECTOR_SHIFT;
	} while (!__atomic_compare_exchange_n(&cpu->signals, &word, next, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	cpu_kick(cpu);
}

void cpu_set_owner(struct cpu *cpu, struct cell *cell)
{
	if (__atomic_load_n(&cpu->activity, __ATOMIC_ACQUIRE) != CPU_PARKED)
		panic("CPU %u changes hands while it is not parked", cpu->number);

	cpu->cell = cell;
	__atomic_store_n(&cpu->signals, (uint64_t)cell->id << SIGNAL_OWNER_SHIFT, __ATOMIC_SEQ_CST);
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
	uint64_t start = tsc_read();

	while (__atomic_load_n(&cpu->requests, __ATOMIC_ACQUIRE) & requests) {
		if (__atomic_load_n(&cpu->needs_init, __ATOMIC_ACQUIRE))
			renew_cpu(cpu);
		if (tsc_read() - start > (uint64_t)CPU_AWAIT_MS * machine.tsc_khz)
			return false;
		__builtin_ia32_pause();
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
	apic_reset(cpu, machine.root_x2apic);
	if (!machine.apic_khz)
		machine.apic_khz = apic_measure_khz(cpu, machine.tsc_khz);
}

/* Jailhouse's guests start at their reset address with all CPUs. */
static void cpu_reset(struct cpu *cpu)
{
	uint64_t entry = cpu->cell->config->entry;

	apic_reset(cpu, machine.has_x2apic);
	fpu_reset();
	for (unsigned i = 0; i < CELLHV_EXIT_MAX; i++)
		cpu->stats[i] = 0;
	cpu->mtrr_default = 0;
	cpu->config_address = 0;
	cpu->icr_high = 0;
	cpu->xapic_ldr = 0;
	vcpu_ops->reset(cpu, (uint16_t)((entry >> 4) & 0xf000), entry & ~0xffffull,
			(uint16_t)entry);
	cpu->activity = CPU_GUEST;
}

static void cpu_init(struct cpu *cpu)
{
	fpu_reset();
	apic_reset(cpu, cpu->x2apic);
	cpu->activity = CPU_WAIT_SIPI;
}

static void cpu_sipi(struct cpu *cpu, uint32_t vector)
{
	if (cpu->activity != CPU_WAIT_SIPI)
		return; /* not waiting: dropped, as the processor does */

	vcpu_ops->reset(cpu, (uint16_t)(vector << 8), vector << 12, 0);
	cpu->activity = CPU_GUEST;
}

static void cpu_release(struct cpu *cpu)
{
	leave_released(cpu);
}

static void cpu_flush(struct cpu *cpu)
{
	vcpu_ops->flush(cpu);
}

/*
 * In the order in which they were made where several are set: a start waits for nobody, so a stop
 * may come behind it; all others are made of a CPU that has served those before.
 */
static const struct {
	uint32_t request;
	void (*serve)(struct cpu *cpu);
} cpu_requests[] = {
	{CPU_REQUEST_FLUSH, cpu_flush},	    {CPU_REQUEST_RESET, cpu_reset},
	{CPU_REQUEST_PARK, cpu_park},	    {CPU_REQUEST_RETURN, cpu_init},
	{CPU_REQUEST_RELEASE, cpu_release},
};

/* A parked CPU forgets them: only the management gets it going. */
static void cpu_take_signals(struct cpu *cpu)
{
	const uint64_t owner = UINT64_MAX << SIGNAL_OWNER_SHIFT;
	uint64_t word = __atomic_fetch_and(&cpu->signals, owner, __ATOMIC_SEQ_CST);

	if (cpu->activity == CPU_PARKED)
		return;
	if (word & CPU_SIGNAL_INIT)
		cpu_init(cpu);
	if (word & CPU_SIGNAL_SIPI)
		cpu_sipi(cpu, (uint32_t)((word & SIGNAL_VECTOR) >> SIGNAL_VECTOR_SHIFT));
	if (word & CPU_SIGNAL_NMI)
		vcpu_ops->queue_nmi(cpu);
}

bool cpu_may_complain(struct cpu *self)
{
	uint64_t now = tsc_read();

	if (now - self->complaint_window > (uint64_t)machine.tsc_khz * 1000) {
		self->complaint_window = now;
		self->complaints = 0;
	}
	return self->complaints++ < CPU_COMPLAINTS_PER_SECOND;
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
	struct vcpu_state state;

	vcpu_ops->get_state(cpu, &state);
	__atomic_or_fetch(&cell->failed_cpus[cpu->number / 64], 1ull << (cpu->number % 64),
			  __ATOMIC_SEQ_CST);
	if (!__atomic_exchange_n(&cell->failed, true, __ATOMIC_SEQ_CST)) {
		cell->failure =
			(struct cellhv_failure){reason, cpu->number, state.rip, address, detail};
		if (!cell_is_root(cell)) {
			comm_set_failed(cell);
			link_stop(cell);
		}
	}
	print("CPU %u of cell \"%s\" parked: reason %u, rip %llx, address %llx, detail %llx\n",
	      cpu->number, cell->name, reason, (unsigned long long)state.rip,
	      (unsigned long long)address, (unsigned long long)detail);
	cpu->activity = CPU_PARKED;
	apic_reset(cpu, cpu->x2apic);
}
