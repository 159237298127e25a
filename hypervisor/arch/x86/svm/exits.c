/* SPDX-License-Identifier: GPL-2.0-only */
/* Exits of an SVM guest: from the exit code to the handler that all back ends share. */
#include "arch/x86/cpuid.h"
#include "arch/x86/exits.h"
#include "arch/x86/mmio.h"
#include "arch/x86/msr.h"
#include "arch/x86/nmi.h"
#include "arch/x86/port.h"
#include "arch/x86/svm/svm.h"
#include "arch/x86/x86.h"
#include "core/panic.h"

/* EXITINFO1 of IOIO (AMD64 APM vol. 2, 15.10.2) */
#define IOIO_IN (1u << 0)
#define IOIO_STRING (1u << 2)
#define IOIO_SIZE_SHIFT 4
#define IOIO_PORT_SHIFT 16

/* EXITINFO1 of NPF: the page fault error code (15.25.6) */
#define NPF_WRITE (1u << 1)
#define NPF_FETCH (1u << 4)

static void exit_nmi(struct cpu *cpu)
{
	(void)cpu;
	/* The held NMI comes through our IDT, which notes it. */
	__asm__ volatile("stgi; nop; nop; clgi" : : : "memory");
}

static void exit_iret(struct cpu *cpu)
{
	cpu_count(cpu, CELLHV_EXIT_NMI);
	svm_nmi_iret(cpu);
}

static void exit_msr(struct cpu *cpu)
{
	msr_exit(cpu, svm_vmcb(cpu)->exit_info1 & 1);
}

static void exit_port(struct cpu *cpu)
{
	const struct vmcb *vmcb = svm_vmcb(cpu);
	uint32_t info = (uint32_t)vmcb->exit_info1;
	struct port_access access = {
		.port = (uint16_t)(info >> IOIO_PORT_SHIFT),
		.size = (info >> IOIO_SIZE_SHIFT) & 7,
		.write = !(info & IOIO_IN),
		.string = info & IOIO_STRING,
	};

	if (port_exit(cpu, &access))
		vcpu_ops->skip(cpu, (unsigned)(vmcb->exit_info2 - vmcb->rip));
}

static void exit_nested_page_fault(struct cpu *cpu)
{
	const struct vmcb *vmcb = svm_vmcb(cpu);
	uint32_t access = MMIO_READ;

	if (vmcb->exit_info1 & NPF_FETCH)
		access = MMIO_FETCH;
	else if (vmcb->exit_info1 & NPF_WRITE)
		access = MMIO_WRITE;
	mmio_exit(cpu, vmcb->exit_info2, access);
}

static void exit_debug(struct cpu *cpu)
{
	cpu_count(cpu, CELLHV_EXIT_EXCEPTION);
	if (!svm_nmi_single_step(cpu))
		vcpu_ops->inject_exception(cpu, VECTOR_DB, false, 0);
}

static void exit_alignment_check(struct cpu *cpu)
{
	cpu_count(cpu, CELLHV_EXIT_EXCEPTION);
	vcpu_ops->inject_exception(cpu, VECTOR_AC, true, 0);
}

static void exit_invalid(struct cpu *cpu)
{
	/* After a first VMRUN that failed the VMCB may hold our state, not Linux's: no way back. */
	if (!cpu->arch->has_run)
		panic("CPU %u: VMRUN refuses Linux's state", cpu->number);
	exit_refused(cpu, "invalid guest state", svm_vmcb(cpu)->cr4);
}

static const struct {
	uint32_t code;
	void (*handle)(struct cpu *cpu);
} exits[] = {
	{VMEXIT_MSR, exit_msr},
	{VMEXIT_VMMCALL, exit_hypercall},
	{VMEXIT_NPF, exit_nested_page_fault},
	{VMEXIT_NMI, exit_nmi},
	{VMEXIT_CPUID, cpuid_exit},
	{VMEXIT_IOIO, exit_port},
	{VMEXIT_IRET, exit_iret},
	{VMEXIT_EXCEPTION + VECTOR_DB, exit_debug},
	{VMEXIT_EXCEPTION + VECTOR_UD, exit_undefined},
	{VMEXIT_EXCEPTION + VECTOR_AC, exit_alignment_check},
	{VMEXIT_EXCEPTION + VECTOR_MC, exit_machine_check},
	{VMEXIT_RDPMC, exit_inject_gp},
	{VMEXIT_INVD, exit_cache},
	{VMEXIT_WBINVD, exit_cache},
	{VMEXIT_INVLPGA, exit_inject_ud},
	{VMEXIT_VMRUN, exit_inject_ud},
	{VMEXIT_VMLOAD, exit_inject_ud},
	{VMEXIT_VMSAVE, exit_inject_ud},
	{VMEXIT_STGI, exit_inject_ud},
	{VMEXIT_CLGI, exit_inject_ud},
	{VMEXIT_SKINIT, exit_inject_ud},
	{VMEXIT_MONITOR, exit_inject_ud},
	{VMEXIT_MWAIT, exit_inject_ud},
	{VMEXIT_MWAIT_ARMED, exit_inject_ud},
	{VMEXIT_SHUTDOWN, exit_shutdown},
	{VMEXIT_INVALID, exit_invalid},
};

static void exit_dispatch(struct cpu *cpu, uint32_t code)
{
	for (unsigned i = 0; i < sizeof(exits) / sizeof(*exits); i++) {
		if (exits[i].code == code) {
			exits[i].handle(cpu);
			return;
		}
	}
	exit_unknown(cpu, code);
}

void svm_exit(struct arch_cpu *arch)
{
	struct cpu *cpu = arch->cpu;
	struct vmcb *vmcb = svm_vmcb(cpu);

	cpu_count(cpu, CELLHV_EXIT_TOTAL);
	arch->regs[RAX] = vmcb->rax;
	arch->regs[RSP] = vmcb->rsp;
	vmcb->tlb_control = 0;
	/* An event whose delivery the exit interrupted is delivered again (15.7.2, 15.20). */
	vmcb->event_injection = vmcb->exit_int_info & EVENT_VALID ? vmcb->exit_int_info : 0;

	if ((uint32_t)vmcb->exit_code != VMEXIT_INVALID)
		arch->refusals = 0;
	exit_dispatch(cpu, (uint32_t)vmcb->exit_code);
	arch->has_run = true;

	nmi_handle_arrived(cpu);
	svm_nmi_prepare(cpu);
	vmcb->next_rip = 0; /* the next exit's, or none */
	vmcb->rax = arch->regs[RAX];
	vmcb->rsp = arch->regs[RSP];
}
