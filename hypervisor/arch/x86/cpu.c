/* SPDX-License-Identifier: GPL-2.0-only */
/* What is done to a processor for what others ask of it (core/cpu.h). */
#include "arch/x86/cpu.h"

#include "arch/x86/apic.h"
#include "arch/x86/fpu.h"
#include "arch/x86/machine.h"
#include "arch/x86/renew.h"
#include "arch/x86/vcpu.h"
#include "core/cell.h"

struct cpu *arch_self(void)
{
	struct cpu *self;

	__asm__("mov %%gs:%c1, %0" : "=r"(self) : "i"(__builtin_offsetof(struct arch_cpu, cpu)));
	return self;
}

void arch_kick(struct cpu *cpu)
{
	apic_send(arch_self(), cpu->arch->apic_id, APIC_DELIVERY_NMI | APIC_ASSERT);
}

void arch_help(struct cpu *cpu)
{
	if (__atomic_load_n(&cpu->arch->needs_init, __ATOMIC_ACQUIRE))
		renew_cpu(cpu);
}

void arch_flush(struct cpu *self)
{
	vcpu_ops->flush(self);
}

void arch_park(struct cpu *self)
{
	apic_reset(self, x86_machine.root_x2apic);
	if (!x86_machine.apic_khz)
		x86_machine.apic_khz = apic_measure_khz(self, machine.ticks_per_ms);
}

void arch_start(struct cpu *self)
{
	uint64_t entry = self->cell->config->entry;

	apic_reset(self, x86_machine.has_x2apic);
	fpu_reset();
	self->arch->mtrr_default = 0;
	self->arch->apic_mode = APIC_BASE_ENABLE | APIC_BASE_EXTD;
	self->arch->config_address = 0;
	self->arch->icr_high = 0;
	self->arch->xapic_ldr = 0;
	vcpu_ops->reset(self, (uint16_t)((entry >> 4) & 0xf000), entry & ~0xffffull,
			(uint16_t)entry);
}

void arch_await_start(struct cpu *self)
{
	fpu_reset();
	apic_reset(self, self->arch->x2apic);
}

static void cpu_init(struct cpu *self)
{
	arch_await_start(self);
	self->activity = CPU_AWAITS_START;
}

static void cpu_sipi(struct cpu *self, uint32_t vector)
{
	if (self->activity != CPU_AWAITS_START)
		return; /* not waiting: dropped, as the processor does */

	vcpu_ops->reset(self, (uint16_t)(vector << 8), vector << 12, 0);
	self->activity = CPU_GUEST;
}

void arch_take_signals(struct cpu *self, uint32_t signals)
{
	if (signals & CPU_SIGNAL_INIT)
		cpu_init(self);
	if (signals & CPU_SIGNAL_SIPI)
		cpu_sipi(self, (signals & CPU_SIGNAL_VECTOR) >> CPU_SIGNAL_VECTOR_SHIFT);
	if (signals & CPU_SIGNAL_NMI)
		vcpu_ops->queue_nmi(self);
}

uint64_t arch_guest_address(const struct cpu *self)
{
	struct vcpu_state state;

	vcpu_ops->get_state(self, &state);
	return state.rip;
}

void arch_silence(struct cpu *self)
{
	apic_reset(self, self->arch->x2apic);
}
