/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NMIs: each exits (Intel SDM vol. 3, 26.2), and the guest's own are virtual ones, whose blocking
 * until IRET the processor keeps (25.6.1). While the hypervisor runs they come through its IDT.
 */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/x86.h"

/* Places in run.S. */
extern __attribute__((visibility("hidden"))) const uint8_t vmx_enter_begin[], vmx_enter_end[],
	vmx_enter_again[], vmx_wait_begin[], vmx_wait_end[];

void vmx_nmi_arrived(uint64_t *rip)
{
	arch_self()->arch->nmi_arrived = true;
	if (*rip >= (uint64_t)vmx_enter_begin && *rip < (uint64_t)vmx_enter_end)
		*rip = (uint64_t)vmx_enter_again;
	else if (*rip >= (uint64_t)vmx_wait_begin && *rip < (uint64_t)vmx_wait_end)
		*rip = (uint64_t)vmx_wait_end;
}

static void vmx_nmi_set_window(struct vcpu *vcpu, bool open)
{
	uint32_t controls =
		open ? vcpu->cpu_controls | CPU_NMI_WINDOW : vcpu->cpu_controls & ~CPU_NMI_WINDOW;

	if (controls == vcpu->cpu_controls)
		return;
	vcpu->cpu_controls = controls;
	vmcs_write(VMCS_CPU_CONTROLS, controls);
}

void vmx_nmi_reset(struct cpu *cpu)
{
	cpu->arch->vcpu->nmi_queued = false;
}

void vmx_nmi_queue(struct cpu *cpu)
{
	cpu->arch->vcpu->nmi_queued = true;
}

/* Behind MOV SS or in the guest's NMI handler it has to wait; behind STI it need not (27.2.1.3). */
void vmx_nmi_prepare(struct cpu *cpu)
{
	struct vcpu *vcpu = cpu->arch->vcpu;
	uint32_t blocking;

	if (!vcpu->nmi_queued) {
		vmx_nmi_set_window(vcpu, false);
		return;
	}
	blocking = vmcs_read32(VMCS_INTERRUPTIBILITY);
	if (vmcs_read(VMCS_ENTRY_EVENT) & EVENT_VALID ||
	    blocking & (INTERRUPTIBILITY_NMI | INTERRUPTIBILITY_MOV_SS)) {
		vmx_nmi_set_window(vcpu, true);
		return;
	}
	vcpu->nmi_queued = false;
	vmx_nmi_set_window(vcpu, false);
	vmx_inject(EVENT_VALID | EVENT_TYPE_NMI | VECTOR_NMI, 0, 0);
}

/* The IRET had ended the blocking already, and will be executed again (28.2.3). */
void vmx_nmi_unblocked(uint64_t info)
{
	if (info & EVENT_NMI_UNBLOCKED && !(vmcs_read(VMCS_VECTORING_EVENT) & EVENT_VALID))
		vmcs_write(VMCS_INTERRUPTIBILITY,
			   vmcs_read(VMCS_INTERRUPTIBILITY) | INTERRUPTIBILITY_NMI);
}
