/* SPDX-License-Identifier: GPL-2.0-only */
/* The AMD back end's own part of a CPU. */
#ifndef SVM_SVM_H
#define SVM_SVM_H

#include "arch/x86/svm/vmcb.h"
#include "arch/x86/vcpu.h"

/* Delivering an NMI: at most one is in the guest's handler at a time. */
enum svm_nmi {
	SVM_NMI_READY,
	SVM_NMI_BLOCKED,     /* in the handler: IRET is intercepted */
	SVM_NMI_SINGLE_STEP, /* executes the IRET with TF set; ready at the #DB behind it */
};

struct vcpu {
	struct vmcb *vmcb;
	struct vmcb *host; /* VMSAVE area of the hypervisor's own state */
	void *host_save;   /* VM_HSAVE_PA */
	bool nmi_queued;
	enum svm_nmi nmi;
};

static inline struct vmcb *svm_vmcb(const struct cpu *cpu)
{
	return cpu->arch->vcpu->vmcb;
}

/* run.S: executes the guest and calls svm_exit() after each exit, for ever. */
_Noreturn void svm_run(struct arch_cpu *arch, uint64_t vmcb_phys, uint64_t host_phys);
void svm_exit(struct arch_cpu *arch);

/* nmi.c */
void svm_nmi_queue(struct cpu *cpu);
void svm_nmi_reset(struct cpu *cpu);
void svm_nmi_prepare(struct cpu *cpu); /* before each return to the guest */
void svm_nmi_iret(struct cpu *cpu);    /* IRET exit */

/* #DB exit; false: it was the guest's own. */
bool svm_nmi_single_step(struct cpu *cpu);

#endif
