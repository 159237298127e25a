/* SPDX-License-Identifier: GPL-2.0-only */
/* AMD SVM (AMD64 APM vol. 2, chapter 15): building, resetting and leaving a guest's context. */
#include "arch/x86/svm/svm.h"

#include "arch/x86/barrier.h"
#include "arch/x86/entry.h"
#include "arch/x86/idt.h"
#include "arch/x86/machine.h"
#include "arch/x86/paging_formats.h"
#include "arch/x86/port_ranges.h"
#include "arch/x86/safe.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/string.h"

#define ASID_ROOT 1u
#define ASID_CELL 2u

#define SEGMENT_CODE_16 0x9b
#define SEGMENT_DATA_16 0x93
#define SEGMENT_LDT 0x82
#define SEGMENT_TSS_16 0x8b

void svm_wait(void);
extern const uint8_t svm_wait_halt[], svm_wait_end[];

static const uint32_t svm_intercept_all = VMCB_INTERCEPT_NMI | VMCB_INTERCEPT_INVD |
					  VMCB_INTERCEPT_INVLPGA | VMCB_INTERCEPT_IOIO |
					  VMCB_INTERCEPT_MSR | VMCB_INTERCEPT_SHUTDOWN;
static const uint32_t svm_intercept2_all = VMCB_INTERCEPT2_VMRUN | VMCB_INTERCEPT2_VMMCALL |
					   VMCB_INTERCEPT2_VMLOAD | VMCB_INTERCEPT2_VMSAVE |
					   VMCB_INTERCEPT2_STGI | VMCB_INTERCEPT2_CLGI |
					   VMCB_INTERCEPT2_SKINIT;

static bool svm_has(uint32_t feature)
{
	return cpuid(0x8000000a, 0).edx & feature;
}

static bool svm_has_cet(void)
{
	return cpuid(0, 0).eax >= 7 && cpuid(7, 0).ecx & CPUID_7_ECX_SHSTK;
}

/* What the CPU's present owner may do, and which memory it sees. */
static void svm_set_owner(struct cpu *cpu)
{
	struct vmcb *vmcb = svm_vmcb(cpu);
	bool root = cell_is_root(cpu->cell);

	vmcb->intercept = svm_intercept_all;
	vmcb->intercept2 = svm_intercept2_all;
	/* Endless delivery of #DB or #AC must not keep the CPU from us. */
	vmcb->intercept_exceptions = 1u << VECTOR_DB | 1u << VECTOR_AC;
	if (!root) {
		vmcb->intercept |= VMCB_INTERCEPT_CPUID | VMCB_INTERCEPT_RDPMC;
		vmcb->intercept2 |= VMCB_INTERCEPT2_WBINVD | VMCB_INTERCEPT2_MONITOR |
				    VMCB_INTERCEPT2_MWAIT | VMCB_INTERCEPT2_MWAIT_ARMED;
		vmcb->intercept_exceptions |= 1u << VECTOR_UD | 1u << VECTOR_MC;
	}
	vmcb->iopm_base = machine_phys(port_ranges_bitmap(cpu->cell));
	vmcb->msrpm_base =
		machine_phys(root ? x86_machine.root_msr_bitmap : x86_machine.cell_msr_bitmap);
	vmcb->asid = root ? ASID_ROOT : ASID_CELL;
	vmcb->tlb_control = VMCB_TLB_FLUSH_ALL;
	vmcb->nested_control = VMCB_NESTED_PAGING;
	/* The root has one ASID on all CPUs, so its broadcast reaches what it is meant for. */
	if (root && svm_has(CPUID_8000000A_EDX_INVLPGB))
		vmcb->nested_control |= VMCB_INVLPGB;
	vmcb->nested_cr3 = paging_root_phys(&cpu->cell->memory);
	vmcb->clean = 0;
}

static void svm_load_native(struct vmcb *vmcb, const struct cellhv_native *native)
{
	vmcb->es = native->es;
	vmcb->cs = native->cs;
	vmcb->ss = native->ss;
	vmcb->ds = native->ds;
	vmcb->gdtr.base = native->gdt_base;
	vmcb->gdtr.limit = native->gdt_limit;
	vmcb->idtr.base = native->idt_base;
	vmcb->idtr.limit = native->idt_limit;
	vmcb->efer = msr_read(MSR_EFER);
	vmcb->cr0 = native->cr0;
	vmcb->cr2 = cr2_read();
	vmcb->cr3 = native->cr3;
	vmcb->cr4 = native->cr4;
	vmcb->dr6 = dr6_read();
	vmcb->dr7 = dr7_read();
	vmcb->rflags = native->rflags;
	vmcb->rsp = native->rsp;
	vmcb->rip = native->rip;
	vmcb->guest_pat = msr_read(MSR_PAT);
	if (svm_has(CPUID_8000000A_EDX_SPEC_CTRL))
		vmcb->spec_ctrl = msr_read(MSR_SPEC_CTRL);
	if (svm_has_cet()) {
		vmcb->s_cet = msr_read(MSR_S_CET);
		vmcb->interrupt_ssp_table = msr_read(MSR_SSP_TABLE);
	}
}

static int svm_init(struct cpu *cpu, const struct cellhv_native *native)
{
	struct vcpu *vcpu = pool_alloc(&machine.pool, 1);
	uint64_t vmcb_phys;

	if (!vcpu)
		return -ENOMEM;
	vcpu->vmcb = pool_alloc(&machine.pool, 1);
	vcpu->host = pool_alloc(&machine.pool, 1);
	vcpu->host_save = pool_alloc(&machine.pool, 1);
	if (!vcpu->vmcb || !vcpu->host || !vcpu->host_save)
		return -ENOMEM;

	/* NMIs are held from here to the first VMRUN (15.17). */
	__asm__ volatile("clgi" : : : "memory");
	cpu->arch->vcpu = vcpu;
	vmcb_phys = machine_phys(vcpu->vmcb);
	/* Before anything of ours is loaded: FS, GS, TR, LDTR and the system call MSRs. */
	__asm__ volatile("vmsave %0" : : "a"(vmcb_phys) : "memory");
	svm_load_native(vcpu->vmcb, native);
	svm_set_owner(cpu);
	return 0;
}

static void svm_finish_init(struct cpu *cpu)
{
	uint64_t host_phys = machine_phys(cpu->arch->vcpu->host);

	__asm__ volatile("vmsave %0" : : "a"(host_phys) : "memory");
	msr_write(MSR_VM_HSAVE_PA, machine_phys(cpu->arch->vcpu->host_save));
	/* Where a guest has its own, ours is added to it (15.37): it asks for nothing. */
	if (svm_has(CPUID_8000000A_EDX_SPEC_CTRL))
		msr_write_safe(MSR_SPEC_CTRL, 0);
	if (svm_has_cet())
		msr_write_safe(MSR_S_CET, 0);
}

static void svm_restart(struct cpu *cpu)
{
	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SVME);
	__asm__ volatile("clgi" : : : "memory");
	svm_finish_init(cpu);
}

static _Noreturn void svm_start(struct cpu *cpu)
{
	svm_run(cpu->arch, machine_phys(cpu->arch->vcpu->vmcb),
		machine_phys(cpu->arch->vcpu->host));
}

static uint64_t svm_save_frame(struct cpu *cpu)
{
	const struct vmcb *vmcb = svm_vmcb(cpu);
	struct cellhv_frame *frame = &cpu->arch->frame;

	frame->rip = vmcb->rip;
	frame->rflags = vmcb->rflags;
	frame->cr4 = vmcb->cr4;
	frame->fs_base = vmcb->fs.base;
	frame->gs_base = vmcb->gs.base;
	frame->gdtr[0] = (uint16_t)vmcb->gdtr.limit;
	memcpy(&frame->gdtr[1], &vmcb->gdtr.base, sizeof(vmcb->gdtr.base));
	frame->idtr[0] = (uint16_t)vmcb->idtr.limit;
	memcpy(&frame->idtr[1], &vmcb->idtr.base, sizeof(vmcb->idtr.base));
	frame->es = vmcb->es.selector;
	frame->ss = vmcb->ss.selector;
	frame->ds = vmcb->ds.selector;
	frame->fs = vmcb->fs.selector;
	frame->gs = vmcb->gs.selector;
	frame->ldtr = vmcb->ldtr.selector;
	return vmcb->cr3;
}

static void svm_leave(struct cpu *cpu)
{
	const struct vmcb *vmcb = svm_vmcb(cpu);

	__asm__ volatile("mov %0, %%cr2" : : "r"(vmcb->cr2));
	__asm__ volatile("mov %0, %%dr6" : : "r"(vmcb->dr6));
	__asm__ volatile("mov %0, %%dr7" : : "r"(vmcb->dr7));
	cr0_write(vmcb->cr0);
	msr_write_safe(MSR_PAT, vmcb->guest_pat);
	if (svm_has(CPUID_8000000A_EDX_SPEC_CTRL))
		msr_write_safe(MSR_SPEC_CTRL, vmcb->spec_ctrl);
	if (svm_has_cet()) {
		msr_write_safe(MSR_S_CET, vmcb->s_cet);
		msr_write_safe(MSR_SSP_TABLE, vmcb->interrupt_ssp_table);
	}
	msr_write(MSR_VM_HSAVE_PA, 0);
	__asm__ volatile("vmload %0; stgi" : : "a"(machine_phys(vmcb)) : "memory");
	msr_write_safe(MSR_EFER, vmcb->efer);
}

static _Noreturn void svm_stop(struct cpu *cpu)
{
	(void)cpu;
	msr_write(MSR_VM_HSAVE_PA, 0);
	__asm__ volatile("stgi");
	msr_write(MSR_EFER, msr_read(MSR_EFER) & ~EFER_SVME);
	for (;;)
		halt_forever();
}

static struct cellhv_segment svm_real_segment(uint16_t attributes)
{
	return (struct cellhv_segment){.attributes = attributes, .limit = 0xffff};
}

static void svm_reset(struct cpu *cpu, uint16_t cs_selector, uint64_t cs_base, uint16_t ip)
{
	struct vmcb *vmcb = svm_vmcb(cpu);

	memset(vmcb, 0, sizeof(*vmcb));
	memset(cpu->arch->regs, 0, sizeof(cpu->arch->regs));
	vmcb->cs = svm_real_segment(SEGMENT_CODE_16);
	vmcb->cs.selector = cs_selector;
	vmcb->cs.base = cs_base;
	vmcb->ss = vmcb->ds = vmcb->es = vmcb->fs = vmcb->gs = svm_real_segment(SEGMENT_DATA_16);
	vmcb->gdtr.limit = vmcb->idtr.limit = 0xffff;
	vmcb->ldtr = svm_real_segment(SEGMENT_LDT);
	vmcb->tr = svm_real_segment(SEGMENT_TSS_16);
	vmcb->rip = ip;
	vmcb->rflags = RFLAGS_FIXED;
	vmcb->cr0 = CR0_ET | CR0_NW | CR0_CD;
	vmcb->efer = EFER_SVME;
	vmcb->dr6 = 0xffff0ff0;
	vmcb->dr7 = 0x400;
	vmcb->guest_pat = PAT_RESET;
	msr_write_safe(MSR_TSC_AUX, 0); /* no field of the VMCB has it, not each processor it */
	breakpoints_clear();
	svm_nmi_reset(cpu);
	svm_set_owner(cpu);
	barrier_between_owners();
}

static void svm_get_state(const struct cpu *cpu, struct vcpu_state *state)
{
	const struct vmcb *vmcb = svm_vmcb(cpu);
	bool long_mode = (vmcb->efer & EFER_LMA) && (vmcb->cs.attributes & (1u << 9));

	state->rip = vmcb->rip;
	state->linear_ip = long_mode ? vmcb->rip : (uint32_t)(vmcb->cs.base + vmcb->rip);
	state->rflags = vmcb->rflags;
	state->cr0 = vmcb->cr0;
	state->cr3 = vmcb->cr3;
	state->cr4 = vmcb->cr4;
	state->efer = vmcb->efer;
	state->mode.long_mode_code = long_mode;
	state->mode.code32 = vmcb->cs.attributes & (1u << 10);
	state->cpl = vmcb->cpl;
}

static void svm_inject_exception(struct cpu *cpu, unsigned vector, bool has_error, uint32_t error)
{
	struct vmcb *vmcb = svm_vmcb(cpu);

	/* Exceptions have no error codes in real mode, and end a shadow. */
	has_error &= (vmcb->cr0 & CR0_PE) != 0;
	vmcb->interrupt_shadow &= ~1ull;
	vmcb->event_injection = EVENT_VALID | EVENT_TYPE_EXCEPTION | vector |
				(has_error ? EVENT_HAS_ERROR : 0) | (uint64_t)error << 32;
}

/* What VMRUN has saved where the CPU does that, and the exit was an instruction's (15.7.1). */
static unsigned svm_get_length(const struct cpu *cpu)
{
	const struct vmcb *vmcb = svm_vmcb(cpu);
	uint64_t length = vmcb->next_rip - vmcb->rip;

	return vmcb->next_rip && length <= DECODE_MAX_LENGTH ? (unsigned)length : 0;
}

/* What ends an instruction that the processor executes itself: the trap of a single step. */
static void svm_end_instruction(struct cpu *cpu)
{
	struct vmcb *vmcb = svm_vmcb(cpu);
	bool steps = (vmcb->rflags & RFLAGS_TF) && !(msr_read(MSR_DEBUGCTL) & DEBUGCTL_BTF);

	vmcb->rflags &= ~RFLAGS_RF;
	vmcb->interrupt_shadow &= ~1ull;
	if (!steps || vmcb->event_injection & EVENT_VALID)
		return;

	/* Injection changes neither register (AMD64 APM vol. 2, 15.20). */
	vmcb->dr6 |= DR6_BS;
	vmcb->dr7 &= ~DR7_GENERAL_DETECT;
	svm_inject_exception(cpu, VECTOR_DB, false, 0);
}

static void svm_skip(struct cpu *cpu, unsigned bytes)
{
	struct vmcb *vmcb = svm_vmcb(cpu);

	vmcb->rip += bytes;
	if (!(vmcb->cs.attributes & (1u << 9)))
		vmcb->rip = (uint32_t)vmcb->rip;
	svm_end_instruction(cpu);
}

static void svm_flush(struct cpu *cpu)
{
	svm_vmcb(cpu)->tlb_control = VMCB_TLB_FLUSH_ALL;
}

static void svm_set_efer(struct cpu *cpu, uint64_t efer)
{
	svm_vmcb(cpu)->efer = efer;
}

static uint64_t svm_get_pat(const struct cpu *cpu)
{
	return svm_vmcb(cpu)->guest_pat;
}

static void svm_set_pat(struct cpu *cpu, uint64_t pat)
{
	svm_vmcb(cpu)->guest_pat = pat;
	svm_flush(cpu);
}

static void svm_nmi_arrived(uint64_t *rip)
{
	arch_self()->arch->nmi_arrived = true;
	if (*rip == (uint64_t)svm_wait_halt)
		*rip = (uint64_t)svm_wait_end;
}

static void svm_allow_interrupt(void)
{
	__asm__ volatile("stgi" : : : "memory");
	idt_open_window();
	__asm__ volatile("clgi" : : : "memory");
}

static uint32_t svm_missing_feature(void)
{
	return cpuid(0x8000000a, 0).edx & 1u ? 0 : CELLHV_CPU_FEATURE_NESTED_PAGING;
}

/* Nested tables have as many levels as the host's (15.25.3), and the MTRRs decide on types. */
static void svm_describe_nested(struct paging *paging)
{
	paging->format = &paging_x86_nested;
	paging->levels = cr4_read() & CR4_LA57 ? 5 : 4;
	paging->huge_1g = x86_machine.has_huge_pages;
}

static int svm_set_memory_types(struct paging *paging, uint64_t base, uint64_t size)
{
	(void)paging;
	(void)base;
	(void)size;
	return 0;
}

const struct vcpu_ops vcpu_svm = {
	.name = "AMD SVM",
	.missing_feature = svm_missing_feature,
	.describe_nested = svm_describe_nested,
	.set_memory_types = svm_set_memory_types,
	.msr_bitmap_pages = MSR_BITMAP_SVM_SIZE / PAGE_SIZE,
	.make_msr_bitmap = msr_bitmap_svm,
	.init = svm_init,
	.finish_init = svm_finish_init,
	.run = svm_start,
	.save_frame = svm_save_frame,
	.leave = svm_leave,
	.stop = svm_stop,
	.restart = svm_restart,
	.reset = svm_reset,
	.get_state = svm_get_state,
	.get_length = svm_get_length,
	.skip = svm_skip,
	.inject_exception = svm_inject_exception,
	.queue_nmi = svm_nmi_queue,
	.flush = svm_flush,
	.set_efer = svm_set_efer,
	.get_pat = svm_get_pat,
	.set_pat = svm_set_pat,
	.wait = svm_wait,
	.nmi_arrived = svm_nmi_arrived,
	.allow_interrupt = svm_allow_interrupt,
};
