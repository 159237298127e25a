/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/leave.h"

#include "arch/x86/apic.h"
#include "arch/x86/entry.h"
#include "arch/x86/machine.h"
#include "arch/x86/skip.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"
#include "core/errno.h"

#define LEAVE_INIT_MS 2u /* from INIT to a CPU that no longer executes */
#define LEAVE_AWAIT_MS 2000u

/* An NMI of the machine's, taken here and not looked at yet, has to reach Linux. */
static void leave_hand_over_nmi(struct cpu *self, struct cellhv_switch *data)
{
	bool kicked = __atomic_exchange_n(&self->kicked, false, __ATOMIC_SEQ_CST);

	data->nmi = self->arch->nmi_arrived && !kicked;
}

/* From the switch tables on NMIs are noted in their page; nothing else may interrupt or fault. */
static _Noreturn void leave_with_frame(struct cpu *self)
{
	struct cellhv_switch *data = (void *)boot.switch_data;
	uint64_t cr3 = vcpu_ops->save_frame(self);

	for (unsigned i = 0; i < 16; i++)
		self->arch->frame.regs[i] = self->arch->regs[i];
	self->arch->frame.done = 0;
	self->present = false;
	leave_hand_over_nmi(self, data);
	__asm__ volatile("lidt %0; lgdt %1" : : "m"(data->idtr), "m"(data->gdtr) : "memory");
	vcpu_ops->leave(self);
	leave_jump((uint64_t)&self->arch->frame - CELLHV_BASE + x86_machine.memory_virt,
		   self->arch->frame.cr4 & ~CR4_PGE, cr3, x86_machine.leave);
}

void arch_leave(struct cpu *self)
{
	skip_instruction(self);
	self->arch->regs[RAX] = 0;
	leave_with_frame(self);
}

void leave_refused(struct cpu *self)
{
	self->arch->regs[RAX] = (uint64_t)-EINVAL;
	boot.refusal =
		(struct cellhv_refusal){.check = CELLHV_CHECK_CPU_STATE, .object = self->number};
	leave_with_frame(self);
}

void arch_release(struct cpu *self)
{
	enum cpu_activity activity = self->activity;

	if (activity != CPU_GUEST)
		apic_reset(self, x86_machine.root_x2apic);
	__atomic_and_fetch(&self->requests, ~CPU_REQUEST_RELEASE, __ATOMIC_RELEASE);
	if (activity == CPU_GUEST)
		leave_with_frame(self);
	self->present = false;
	vcpu_ops->stop(self);
}

bool arch_await_left(struct cpu *self, const struct cpu *target, bool had_guest)
{
	uint64_t start = tsc_read();
	unsigned limit_ms = had_guest ? LEAVE_AWAIT_MS : LEAVE_INIT_MS;

	if (!had_guest)
		apic_send(self, target->arch->apic_id, APIC_DELIVERY_INIT | APIC_ASSERT);
	while (tsc_read() - start < (uint64_t)limit_ms * machine.ticks_per_ms) {
		if (had_guest && target->arch->frame.done)
			return true;
		__builtin_ia32_pause();
	}
	return !had_guest;
}
