/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CPUs: what they do for each other, in one thread. */
#include "core/arch.h"
#include "core/control.h"
#include "fake.h"

#define PAUSE_MS 100u

struct cpu *arch_self(void)
{
	return fake.self;
}

uint64_t arch_ticks(void)
{
	return fake.now;
}

void arch_halt(void)
{
	fake_broken("%s", fake.debug);
}

void arch_kick(struct cpu *cpu)
{
	fake.kicks++;
	if (fake.kicks == fake.silent_kick)
		cpu->arch->answers_at = FAKE_NEVER;
	cpu->arch->interrupted = true;
}

void arch_help(struct cpu *cpu)
{
	if (cpu->arch->wants_help && !cpu->arch->helped) {
		cpu->arch->helped = true;
		cpu->arch->interrupted = true;
	}
}

static void serve(struct arch_cpu *arch)
{
	struct cpu *outer = fake.self;

	arch->interrupted = false;
	fake.self = &arch->cpu;
	__atomic_clear(&arch->cpu.kicked, __ATOMIC_SEQ_CST);
	if (!setjmp(arch->away))
		cpu_serve_requests(&arch->cpu);
	fake.self = outer;
}

void fake_run(void)
{
	for (unsigned i = 0; i < FAKE_CPUS; i++) {
		struct arch_cpu *arch = &fake.cpus[i];

		if (arch->interrupted && arch->cpu.present && !arch->inside &&
		    arch->answers_at <= fake.now)
			serve(arch);
	}
}

void arch_pause(void)
{
	void (*meanwhile)(void) = fake.meanwhile;

	fake.now += (uint64_t)PAUSE_MS * machine.ticks_per_ms;
	fake.meanwhile = NULL;
	if (meanwhile)
		meanwhile();
	fake_run();
}

void fake_mend(void)
{
	for (unsigned i = 0; i < FAKE_CPUS; i++)
		fake.cpus[i].answers_at = 0;
	fake.silent_kick = 0;
	fake.failing_change = 0;
	fake.failing_step = fake.dead_step = 0;
	fake.stays = false;
	fake_run();
}

int fake_call(unsigned number, struct cellhv_call *call)
{
	struct arch_cpu *arch = &fake.cpus[number];
	uint64_t phys = FAKE_CALLS + number * PAGE_SIZE;
	struct cpu *outer = fake.self;
	volatile int err = 0;

	fake_write(phys, call, sizeof(*call));
	fake.self = &arch->cpu;
	arch->inside = true;
	if (!setjmp(arch->away))
		err = control_call(&arch->cpu, phys);
	arch->inside = false;
	fake.self = outer;
	fake_read(phys, call, sizeof(*call));
	return err;
}

static void require_parked(const struct cpu *self)
{
	if (self->activity != CPU_PARKED || self != fake.self)
		fake_broken("CPU %u is not parked", self->number);
}

void arch_park(struct cpu *self)
{
	struct arch_cpu *arch = self->arch;

	require_parked(self);
	arch->runs = NULL;
	if (arch->wants_help && !arch->helped)
		longjmp(arch->away, 1);
	arch->helped = false;
}

void arch_start(struct cpu *self)
{
	require_parked(self);
	arch_flush(self);
	self->arch->runs = self->cell;
	self->arch->entry = self->cell->config->entry;
}

void arch_await_start(struct cpu *self)
{
	require_parked(self);
	if (!cell_is_root(self->cell))
		fake_broken("CPU %u of a cell waits for the root", self->number);
	self->arch->runs = NULL;
}

void arch_take_signals(struct cpu *self, uint32_t signals)
{
	self->arch->signals |= signals;
	if (signals & FAKE_SIGNAL_STOP) {
		self->activity = CPU_AWAITS_START;
		self->arch->runs = NULL;
	}
	if (signals & FAKE_SIGNAL_START && self->activity == CPU_AWAITS_START) {
		self->activity = CPU_GUEST;
		self->arch->runs = self->cell;
		self->arch->entry = 0;
	}
}

uint64_t arch_guest_address(const struct cpu *self)
{
	return self->arch->entry + 1;
}

void arch_silence(struct cpu *self)
{
	require_parked(self);
	self->arch->runs = NULL;
}

void fake_fail(unsigned number)
{
	struct cpu *outer = fake.self;

	fake.self = cpus[number];
	cpu_fail(cpus[number], CELLHV_FAILURE_MEMORY, 0x1234, 2);
	fake.self = outer;
}

static _Noreturn void go_native(struct cpu *self)
{
	self->present = false;
	longjmp(self->arch->away, 1);
}

void arch_leave(struct cpu *self)
{
	if (!self->leaving)
		fake_broken("CPU %u leaves unseen", self->number);
	go_native(self);
}

void arch_release(struct cpu *self)
{
	__atomic_and_fetch(&self->requests, ~CPU_REQUEST_RELEASE, __ATOMIC_RELEASE);
	go_native(self);
}

bool arch_await_left(struct cpu *self, const struct cpu *target, bool had_guest)
{
	if (target == self || had_guest != (target->activity == CPU_GUEST))
		fake_broken("waits for CPU %u", target->number);
	return !fake.stays;
}

int arch_console_room(const struct cell *cell)
{
	return cell->config->flags & CELLHV_CELL_PLATFORM_PC ? fake.room : -1;
}

uint32_t arch_console_type(struct cpu *self, struct cell *cell, const void *text, uint32_t size)
{
	uint32_t count = size < (uint32_t)fake.room ? size : (uint32_t)fake.room;

	(void)self;
	if (!(cell->config->flags & CELLHV_CELL_PLATFORM_PC))
		fake_broken("types into a cell without a console");
	for (uint32_t i = 0; i < count; i++)
		fake.typed[fake.num_typed++ % sizeof(fake.typed)] = ((const char *)text)[i];
	fake.room -= (int)count;
	cell->console_taken += count;
	return count;
}

void arch_press_button(struct cpu *self, const struct cell *cell)
{
	(void)self;
	if (!(cell->config->flags & CELLHV_CELL_PLATFORM_PC))
		fake_broken("a cell without a button");
	fake.pressed = (struct cell *)cell;
}
