/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/leave.h"

#include "arch/x86/apic.h"
#include "arch/x86/machine.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"

#define LEAVE_INIT_MS 2u /* from INIT to a CPU that no longer executes */
#define LEAVE_AWAIT_MS 2000u

static _Noreturn void leave_with_frame(struct cpu *self)
{
	vcpu_ops->prepare_leave(self);
	for (unsigned i = 0; i < 16; i++)
		if (i != RSP)
			self->frame.regs[i] = self->regs[i];
	self->present = false;
	vcpu_ops->leave(self);
}

void leave_native(struct cpu *self)
{
	vcpu_ops->skip(self, 3); /* VMMCALL and VMCALL have 3 bytes */
	self->regs[RAX] = 0;
	leave_with_frame(self);
}

void leave_released(struct cpu *self)
{
	enum cpu_activity activity = self->activity;

	if (activity != CPU_GUEST)
		apic_reset(self, machine.root_x2apic);
	__atomic_and_fetch(&self->requests, ~CPU_REQUEST_RELEASE, __ATOMIC_RELEASE);
	if (activity == CPU_GUEST)
		leave_with_frame(self);
	self->present = false;
	vcpu_ops->stop(self);
}

bool leave_await(struct cpu *self, const struct cpu *target, bool had_guest)
{
	uint64_t start = tsc_read();
	unsigned limit_ms = had_guest ? LEAVE_AWAIT_MS : LEAVE_INIT_MS;

	if (!had_guest)
		apic_send(self, target->apic_id, APIC_DELIVERY_INIT | APIC_ASSERT);
	while (tsc_read() - start < (uint64_t)limit_ms * machine.tsc_khz) {
		if (had_guest && target->frame.done)
			return true;
		__builtin_ia32_pause();
	}
	return !had_guest;
}
