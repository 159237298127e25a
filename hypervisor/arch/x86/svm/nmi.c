/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NMIs into a guest on processors that do not virtualise them. One is blocked until the IRET of the
 * one before. The IRET intercept comes before the IRET has run: it is single-stepped, and only the
 * #DB behind it ends the blocking. Injecting at the intercept would nest for ever.
 */
#include "arch/x86/svm/svm.h"

#include "arch/x86/x86.h"

void svm_nmi_reset(struct cpu *cpu)
{
	cpu->arch->vcpu->nmi = SVM_NMI_READY;
	cpu->arch->vcpu->nmi_queued = false;
}

void svm_nmi_queue(struct cpu *cpu)
{
	cpu->arch->vcpu->nmi_queued = true;
}

/* Only while nothing else is being injected. */
void svm_nmi_prepare(struct cpu *cpu)
{
	struct vcpu *vcpu = cpu->arch->vcpu;
	struct vmcb *vmcb = vcpu->vmcb;

	if (!vcpu->nmi_queued || vcpu->nmi != SVM_NMI_READY || vmcb->event_injection & EVENT_VALID)
		return;

	vcpu->nmi_queued = false;
	vcpu->nmi = SVM_NMI_BLOCKED;
	vmcb->event_injection = EVENT_VALID | EVENT_TYPE_NMI | VECTOR_NMI;
	vmcb->intercept |= VMCB_INTERCEPT_IRET;
}

void svm_nmi_iret(struct cpu *cpu)
{
	struct vcpu *vcpu = cpu->arch->vcpu;

	vcpu->vmcb->intercept &= ~VMCB_INTERCEPT_IRET;
	if (!vcpu->nmi_queued) {
		vcpu->nmi = SVM_NMI_READY;
		return;
	}
	vcpu->nmi = SVM_NMI_SINGLE_STEP;
	vcpu->vmcb->rflags |= RFLAGS_TF;
}

bool svm_nmi_single_step(struct cpu *cpu)
{
	struct vcpu *vcpu = cpu->arch->vcpu;

	if (vcpu->nmi != SVM_NMI_SINGLE_STEP)
		return false;

	/* RFLAGS, with TF as it was, came from the IRET's frame. */
	vcpu->nmi = SVM_NMI_READY;
	vcpu->vmcb->dr6 &= ~DR6_BS;
	return true;
}
