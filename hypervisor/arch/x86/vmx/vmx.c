/* SPDX-License-Identifier: GPL-2.0-only */
/* Intel VMX (Intel SDM vol. 3, chapters 24 to 28): building, resetting and leaving a guest's
 * context. */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/entry.h"
#include "arch/x86/idt.h"
#include "arch/x86/machine.h"
#include "arch/x86/paging_formats.h"
#include "arch/x86/permissions.h"
#include "arch/x86/safe.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/panic.h"
#include "core/string.h"

#define EPT_LEVELS 4u

_Static_assert(__builtin_offsetof(struct arch_cpu, nmi_arrived) == CPU_NMI_ARRIVED, "run.S");
_Static_assert(__builtin_offsetof(struct arch_cpu, launched) == CPU_LAUNCHED, "run.S");

/* VMXON, VMCLEAR, VMPTRLD and their like: false where they fail (31.2). */
#define VMX_INSTRUCTION(name)                                                       \
	static bool vmx_do_##name(uint64_t phys)                                    \
	{                                                                           \
		bool ok;                                                            \
		__asm__ volatile(#name " %1" : "=@cca"(ok) : "m"(phys) : "memory"); \
		return ok;                                                          \
	}
VMX_INSTRUCTION(vmxon)
VMX_INSTRUCTION(vmclear)
VMX_INSTRUCTION(vmptrld)

static void vmx_off(struct cpu *cpu)
{
	vmx_do_vmclear(machine_phys(cpu->arch->vcpu->vmcs));
	__asm__ volatile("vmxoff" : : : "cc", "memory");
}

static void *vmx_alloc_region(void)
{
	uint32_t *region = pool_alloc(&machine.pool, 1);

	if (region)
		*region = vmx_revision();
	return region;
}

static int vmx_init(struct cpu *cpu, const struct cellhv_native *native)
{
	struct vcpu *vcpu = pool_alloc(&machine.pool, 1);

	if (!vcpu)
		return -ENOMEM;
	vcpu->vmxon_region = vmx_alloc_region();
	vcpu->vmcs = vmx_alloc_region();
	if (!vcpu->vmxon_region || !vcpu->vmcs)
		return -ENOMEM;

	cpu->arch->vcpu = vcpu;
	if (!vmx_do_vmxon(machine_phys(vcpu->vmxon_region)))
		return -EIO;
	if (!vmx_do_vmclear(machine_phys(vcpu->vmcs)) ||
	    !vmx_do_vmptrld(machine_phys(vcpu->vmcs))) {
		vmx_off(cpu);
		return -EIO;
	}
	vmx_load_native(cpu, native);
	return 0;
}

static void vmx_finish_init(struct cpu *cpu)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) gdt, idt;

	__asm__ volatile("sgdt %0; sidt %1" : "=m"(gdt), "=m"(idt));
	for (enum vmcs_segment i = VMCS_ES; i <= VMCS_GS; i++)
		vmcs_write(VMCS_HOST_SELECTOR + 2 * i, i == VMCS_CS  ? SELECTOR_CODE
						       : i < VMCS_FS ? SELECTOR_DATA
								     : 0);
	vmcs_write(VMCS_HOST_TR_SELECTOR, SELECTOR_TSS);
	vmcs_write(VMCS_HOST_GDTR_BASE, gdt.base);
	vmcs_write(VMCS_HOST_IDTR_BASE, idt.base);
	vmcs_write(VMCS_HOST_TR_BASE, idt_tss_base(gdt.base));
	vmcs_write(VMCS_HOST_FS_BASE, 0);
	vmcs_write(VMCS_HOST_GS_BASE, (uint64_t)cpu->arch);
	vmcs_write(VMCS_HOST_CR0, cr0_read());
	vmcs_write(VMCS_HOST_CR3, cr3_read());
	vmcs_write(VMCS_HOST_CR4, cr4_read());
	vmcs_write(VMCS_HOST_EFER, msr_read(MSR_EFER));
	vmcs_write(VMCS_HOST_PAT, msr_read(MSR_PAT));
	vmcs_write(VMCS_HOST_SYSENTER_CS, 0);
	vmcs_write(VMCS_HOST_SYSENTER_ESP, 0);
	vmcs_write(VMCS_HOST_SYSENTER_EIP, 0);
	if (vmcs_read(VMCS_EXIT_CONTROLS) & EXIT_LOAD_CET) {
		vmcs_write(VMCS_HOST_S_CET, 0);
		vmcs_write(VMCS_HOST_SSP, 0);
		vmcs_write(VMCS_HOST_SSP_TABLE, 0);
	}
	vmcs_write(VMCS_HOST_RIP, (uint64_t)vmx_exit_entry);
}

static uint64_t vmx_save_frame(struct cpu *cpu)
{
	struct cellhv_frame *frame = &cpu->arch->frame;
	uint64_t gdt = vmcs_read(VMCS_GUEST_BASE + 2 * VMCS_GDTR);
	uint64_t idt = vmcs_read(VMCS_GUEST_BASE + 2 * VMCS_IDTR);
	uint16_t *selectors[] = {
		[VMCS_ES] = &frame->es, [VMCS_SS] = &frame->ss, [VMCS_DS] = &frame->ds,
		[VMCS_FS] = &frame->fs, [VMCS_GS] = &frame->gs, [VMCS_LDTR] = &frame->ldtr};

	cpu->arch->regs[RSP] = vmcs_read(VMCS_GUEST_RSP);
	frame->rip = vmcs_read(VMCS_GUEST_RIP);
	frame->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	frame->cr4 = vmx_get_cr4();
	frame->fs_base = vmcs_read(VMCS_GUEST_BASE + 2 * VMCS_FS);
	frame->gs_base = vmcs_read(VMCS_GUEST_BASE + 2 * VMCS_GS);
	frame->gdtr[0] = (uint16_t)vmcs_read(VMCS_GUEST_LIMIT + 2 * VMCS_GDTR);
	memcpy(&frame->gdtr[1], &gdt, sizeof(gdt));
	frame->idtr[0] = (uint16_t)vmcs_read(VMCS_GUEST_LIMIT + 2 * VMCS_IDTR);
	memcpy(&frame->idtr[1], &idt, sizeof(idt));
	for (unsigned i = 0; i < sizeof(selectors) / sizeof(*selectors); i++)
		if (selectors[i])
			*selectors[i] = (uint16_t)vmcs_read(VMCS_GUEST_SELECTOR + 2 * i);
	return vmcs_read(VMCS_GUEST_CR3);
}

/* Linux's own descriptor is marked busy, and read-only: a copy of it does (table 3-2). */
static void vmx_load_tr(void)
{
	struct cellhv_switch *data = (void *)boot.switch_data;
	uint16_t selector = (uint16_t)vmcs_read(VMCS_GUEST_SELECTOR + 2 * VMCS_TR);
	uint64_t base = vmcs_read(VMCS_GUEST_BASE + 2 * VMCS_TR);
	uint64_t limit = vmcs_read(VMCS_GUEST_LIMIT + 2 * VMCS_TR);
	uint64_t *descriptor = &data->gdt[selector / 8];

	descriptor[0] = idt_tss_descriptor(base, limit);
	descriptor[1] = base >> 32;
	__asm__ volatile("ltr %0" : : "r"(selector) : "memory");
	descriptor[0] = descriptor[1] = 0;
}

static void vmx_leave(struct cpu *cpu)
{
	static const struct {
		uint32_t msr;
		uint16_t field;
	} kept[] = {
		{MSR_DEBUGCTL, VMCS_GUEST_DEBUGCTL},
		{MSR_PAT, VMCS_GUEST_PAT},
		{MSR_EFER, VMCS_GUEST_EFER},
		{MSR_SYSENTER_CS, VMCS_GUEST_SYSENTER_CS},
		{MSR_SYSENTER_ESP, VMCS_GUEST_SYSENTER_ESP},
		{MSR_SYSENTER_EIP, VMCS_GUEST_SYSENTER_EIP},
		{MSR_S_CET, VMCS_GUEST_S_CET}, /* these two: not every CPU */
		{MSR_SSP_TABLE, VMCS_GUEST_SSP_TABLE},
	};
	const bool has_cet = vmcs_read(VMCS_EXIT_CONTROLS) & EXIT_LOAD_CET;
	uint64_t cr0 = vmx_get_cr0(), dr7 = vmcs_read(VMCS_GUEST_DR7);

	for (unsigned i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (has_cet || kept[i].msr < MSR_S_CET || kept[i].msr > MSR_SSP_TABLE)
			msr_write_safe(kept[i].msr, vmcs_read(kept[i].field));
	vmx_load_tr();
	vmx_off(cpu);
	dr7_write(dr7);
	cr0_write(cr0);
}

/* The VMCS has kept what it had when the CPU stopped. */
static void vmx_restart(struct cpu *cpu)
{
	cr4_write(cr4_read() | CR4_VMXE);
	cpu->arch->launched = false;
	if (!vmx_do_vmxon(machine_phys(cpu->arch->vcpu->vmxon_region)) ||
	    !vmx_do_vmptrld(machine_phys(cpu->arch->vcpu->vmcs)))
		panic("CPU %u: VMX cannot be turned on again", cpu->number);
}

static _Noreturn void vmx_stop(struct cpu *cpu)
{
	vmx_off(cpu);
	cr4_write(cr4_read() & ~CR4_VMXE);
	for (;;)
		halt_forever();
}

static void vmx_get_state(const struct cpu *cpu, struct vcpu_state *state)
{
	uint32_t cs = vmcs_read32(VMCS_GUEST_ATTRIBUTES + 2 * VMCS_CS);
	bool long_mode;

	(void)cpu;
	state->rip = vmcs_read(VMCS_GUEST_RIP);
	state->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	state->cr0 = vmx_get_cr0();
	state->cr3 = vmcs_read(VMCS_GUEST_CR3);
	state->cr4 = vmx_get_cr4();
	state->efer = vmcs_read(VMCS_GUEST_EFER);
	long_mode = (state->efer & EFER_LMA) && (cs & VMCS_SEGMENT_LONG);
	state->linear_ip =
		long_mode ? state->rip
			  : (uint32_t)(state->rip + vmcs_read(VMCS_GUEST_BASE + 2 * VMCS_CS));
	state->mode.long_mode_code = long_mode;
	state->mode.code32 = cs & VMCS_SEGMENT_DEFAULT_32;
	state->cpl = (vmcs_read32(VMCS_GUEST_ATTRIBUTES + 2 * VMCS_SS) >> 5) & 3;
}

static void vmx_end_shadow(void)
{
	vmcs_write(VMCS_INTERRUPTIBILITY,
		   vmcs_read(VMCS_INTERRUPTIBILITY) & ~(uint64_t)INTERRUPTIBILITY_SHADOW);
}

/* Not at exceptions, where it is another's or none (28.2.5). */
static unsigned vmx_get_length(const struct cpu *cpu)
{
	(void)cpu;
	return vmcs_read32(VMCS_EXIT_REASON) == VMX_EXIT_EVENT
		       ? 0
		       : vmcs_read32(VMCS_INSTRUCTION_LENGTH);
}

/* What ends an instruction that the processor executes itself: the trap of a single step. */
static void vmx_end_instruction(void)
{
	uint64_t flags = vmcs_read(VMCS_GUEST_RFLAGS);

	vmcs_write(VMCS_GUEST_RFLAGS, flags & ~RFLAGS_RF);
	vmx_end_shadow();
	if ((flags & RFLAGS_TF) && !(vmcs_read(VMCS_GUEST_DEBUGCTL) & DEBUGCTL_BTF))
		vmcs_write(VMCS_PENDING_DEBUG, vmcs_read(VMCS_PENDING_DEBUG) | DR6_BS);
}

static void vmx_skip(struct cpu *cpu, unsigned bytes)
{
	uint64_t rip = vmcs_read(VMCS_GUEST_RIP) + bytes;
	bool long_mode = vmcs_read(VMCS_GUEST_ATTRIBUTES + 2 * VMCS_CS) & VMCS_SEGMENT_LONG;

	(void)cpu;
	vmcs_write(VMCS_GUEST_RIP, long_mode ? rip : (uint32_t)rip);
	vmx_end_instruction();
}

void vmx_inject(uint32_t event, uint32_t error, uint32_t length)
{
	struct vmx_event_state state = {
		.event = event,
		.interruptibility = vmcs_read32(VMCS_INTERRUPTIBILITY),
		.pending_debug = vmcs_read(VMCS_PENDING_DEBUG),
		.rflags = vmcs_read(VMCS_GUEST_RFLAGS),
		.debugctl = vmcs_read(VMCS_GUEST_DEBUGCTL),
		.cr0 = vmcs_read(VMCS_GUEST_CR0),
	};

	vmx_event_complete(&state);
	vmcs_write(VMCS_INTERRUPTIBILITY, state.interruptibility);
	vmcs_write(VMCS_PENDING_DEBUG, state.pending_debug);
	vmcs_write(VMCS_ENTRY_EVENT, state.event);
	vmcs_write(VMCS_ENTRY_ERROR, error);
	vmcs_write(VMCS_ENTRY_LENGTH, length);
}

static void vmx_inject_exception(struct cpu *cpu, unsigned vector, bool has_error, uint32_t error)
{
	(void)cpu;
	vmx_inject(EVENT_VALID | EVENT_TYPE_EXCEPTION | vector | (has_error ? EVENT_HAS_ERROR : 0),
		   error, 0);
}

static uint64_t vmx_get_pat(const struct cpu *cpu)
{
	(void)cpu;
	return vmcs_read(VMCS_GUEST_PAT);
}

static void vmx_set_pat(struct cpu *cpu, uint64_t pat)
{
	vmcs_write(VMCS_GUEST_PAT, pat);
	vmx_flush(cpu);
}

static void vmx_describe_nested(struct paging *paging)
{
	paging->format = &paging_ept;
	paging->levels = EPT_LEVELS;
	paging->huge_1g = vmx_has_huge_pages();
}

static _Noreturn void vmx_start(struct cpu *cpu)
{
	vmx_run(cpu->arch);
}

const struct vcpu_ops vcpu_vmx = {
	.name = "Intel VMX",
	.msr_bitmap_pages = MSR_BITMAP_VMX_SIZE / PAGE_SIZE,
	.make_msr_bitmap = msr_bitmap_vmx,
	.missing_feature = vmx_missing_feature,
	.describe_nested = vmx_describe_nested,
	.set_memory_types = vmx_set_memory_types,
	.init = vmx_init,
	.finish_init = vmx_finish_init,
	.run = vmx_start,
	.save_frame = vmx_save_frame,
	.leave = vmx_leave,
	.stop = vmx_stop,
	.restart = vmx_restart,
	.reset = vmx_reset,
	.get_state = vmx_get_state,
	.get_length = vmx_get_length,
	.skip = vmx_skip,
	.inject_exception = vmx_inject_exception,
	.queue_nmi = vmx_nmi_queue,
	.flush = vmx_flush,
	.set_efer = vmx_set_efer,
	.get_pat = vmx_get_pat,
	.set_pat = vmx_set_pat,
	.wait = vmx_wait,
	.nmi_arrived = vmx_nmi_arrived,
	.allow_interrupt = idt_open_window,
};
