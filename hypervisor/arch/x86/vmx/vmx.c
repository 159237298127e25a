/* SPDX-License-Identifier: GPL-2.0-only */
/* Intel VMX (Intel SDM vol. 3, chapters 24 to 28): building, resetting and leaving a guest's
 * context. */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/entry.h"
#include "arch/x86/idt.h"
#include "arch/x86/machine.h"
#include "arch/x86/permissions.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/panic.h"
#include "core/string.h"

#define VPID_ROOT 1u
#define VPID_CELL 2u

#define EPT_POINTER_WRITE_BACK 6ull
#define EPT_POINTER_LEVELS(levels) ((levels)-1ull) << 3
#define EPT_LEVELS 4u

#define INVEPT_ALL 2ull
#define INVVPID_ALL 2ull

#define SEGMENT_CODE_16 0x9bu
#define SEGMENT_DATA_16 0x93u
#define SEGMENT_LDT 0x82u
#define SEGMENT_TSS_BUSY 0x8bu
#define SEGMENT_ACCESSED 1u

#define DR7_RESET 0x400ull

_Static_assert(__builtin_offsetof(struct cpu, nmi_arrived) == CPU_NMI_ARRIVED, "run.S");
_Static_assert(__builtin_offsetof(struct cpu, launched) == CPU_LAUNCHED, "run.S");

/* MSRs of the system call instructions: no VMCS field has them, none is ours. */
static const uint32_t vmx_call_msrs[] = {MSR_STAR,   MSR_LSTAR,		 MSR_CSTAR,
					 MSR_SFMASK, MSR_KERNEL_GS_BASE, MSR_TSC_AUX};

/*
 * CR0 and CR4 bits that the guest sees as it set them, whatever they are: NE and VMXE have to be 1;
 * caching is the machine's affair; a machine check with MCE clear would reset it.
 */
static uint64_t vmx_cr0_mask(void)
{
	return CR0_NE | CR0_CD | CR0_NW;
}

static uint64_t vmx_cr4_mask(const struct cpu *cpu)
{
	return cell_is_root(cpu->cell) ? CR4_VMXE : CR4_VMXE | CR4_MCE;
}

static void vmx_set_cr0(uint64_t value)
{
	vmcs_write(VMCS_CR0_MASK, vmx_cr0_mask());
	vmcs_write(VMCS_CR0_SHADOW, value);
	vmcs_write(VMCS_GUEST_CR0, vmx_fixed_cr0(value & ~(CR0_CD | CR0_NW)));
}

static void vmx_set_cr4(const struct cpu *cpu, uint64_t value)
{
	uint64_t mask = vmx_cr4_mask(cpu);

	vmcs_write(VMCS_CR4_MASK, mask);
	vmcs_write(VMCS_CR4_SHADOW, value);
	vmcs_write(VMCS_GUEST_CR4, vmx_fixed_cr4(value | mask));
}

static uint64_t vmx_get_cr0(void)
{
	uint64_t mask = vmcs_read(VMCS_CR0_MASK);

	return (vmcs_read(VMCS_GUEST_CR0) & ~mask) | (vmcs_read(VMCS_CR0_SHADOW) & mask);
}

static uint64_t vmx_get_cr4(void)
{
	uint64_t mask = vmcs_read(VMCS_CR4_MASK);

	return (vmcs_read(VMCS_GUEST_CR4) & ~mask) | (vmcs_read(VMCS_CR4_SHADOW) & mask);
}

static void vmx_set_efer(struct cpu *cpu, uint64_t efer)
{
	uint32_t entry = vmcs_read32(VMCS_ENTRY_CONTROLS) & ~ENTRY_GUEST_64;

	(void)cpu;
	vmcs_write(VMCS_GUEST_EFER, efer);
	vmcs_write(VMCS_ENTRY_CONTROLS, efer & EFER_LMA ? entry | ENTRY_GUEST_64 : entry);
}

/* All that this CPU has cached: of every set of nested tables, and of every guest (29.4.3). */
static void vmx_flush(struct cpu *cpu)
{
	const struct {
		uint64_t low, high;
	} all = {0, 0};

	(void)cpu;
	__asm__ volatile("invept %0, %1" : : "m"(all), "r"(INVEPT_ALL) : "cc", "memory");
	if (vmcs_read(VMCS_CPU_CONTROLS2) & CPU2_VPID)
		__asm__ volatile("invvpid %0, %1" : : "m"(all), "r"(INVVPID_ALL) : "cc", "memory");
}

static void vmx_set_controls(struct cpu *cpu, bool root)
{
	struct vmx_controls controls;

	vmx_choose_controls(&controls, root);
	cpu->vcpu->cpu_controls = controls.cpu;
	vmcs_write(VMCS_PIN_CONTROLS, controls.pin);
	vmcs_write(VMCS_CPU_CONTROLS, controls.cpu);
	vmcs_write(VMCS_CPU_CONTROLS2, controls.cpu2);
	vmcs_write(VMCS_EXIT_CONTROLS, controls.exit);
	vmcs_write(VMCS_ENTRY_CONTROLS, controls.entry);
}

/* What the CPU's present owner may do, and which memory it sees. */
static void vmx_set_owner(struct cpu *cpu)
{
	bool root = cell_is_root(cpu->cell);
	const struct paging *memory = &cpu->cell->memory;
	const uint8_t *ports = root ? machine.root_port_bitmap : cpu->cell->port_bitmap;
	/* Endless delivery of #DB or #AC must not keep the CPU from us. */
	uint32_t exceptions = 1u << VECTOR_DB | 1u << VECTOR_AC;

	if (!root)
		exceptions |= 1u << VECTOR_UD | 1u << VECTOR_MC;
	vmx_set_controls(cpu, root);
	vmcs_write(VMCS_EXCEPTIONS, exceptions);
	vmcs_write(VMCS_PORT_BITMAP_A, machine_phys(ports));
	vmcs_write(VMCS_PORT_BITMAP_B, machine_phys(ports) + PAGE_SIZE);
	vmcs_write(VMCS_MSR_BITMAP,
		   machine_phys(root ? machine.root_msr_bitmap : machine.cell_msr_bitmap));
	vmcs_write(VMCS_EPT_POINTER, paging_root_phys(memory) | EPT_POINTER_WRITE_BACK |
					     EPT_POINTER_LEVELS(memory->levels));
	vmcs_write(VMCS_VPID, root ? VPID_ROOT : VPID_CELL);
	vmx_flush(cpu);
}

/* Fields that are the same for every guest, and zero. */
static void vmx_clear_fields(void)
{
	static const uint16_t fields[] = {
		VMCS_PAGE_FAULT_MASK, VMCS_PAGE_FAULT_MATCH, VMCS_CR3_TARGETS,
		VMCS_EXIT_MSR_STORES, VMCS_EXIT_MSR_LOADS,   VMCS_ENTRY_MSR_LOADS,
		VMCS_ENTRY_EVENT,     VMCS_XSS_EXITING,	     VMCS_INTERRUPTIBILITY,
		VMCS_ACTIVITY,	      VMCS_PENDING_DEBUG,    VMCS_GUEST_SSP};

	for (unsigned i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		vmcs_write(fields[i], 0);
	vmcs_write(VMCS_LINK, UINT64_MAX);
}

static void vmx_set_segment(enum vmcs_segment index, const struct cellhv_segment *segment)
{
	uint32_t attributes = segment->attributes;

	attributes = (attributes & 0xff) | (attributes & 0xf00) << 4;
	vmcs_write(VMCS_GUEST_SELECTOR + 2 * index, segment->selector);
	vmcs_write(VMCS_GUEST_BASE + 2 * index, segment->base);
	vmcs_write(VMCS_GUEST_LIMIT + 2 * index, segment->limit);
	vmcs_write(VMCS_GUEST_ATTRIBUTES + 2 * index,
		   attributes ? attributes : VMCS_SEGMENT_UNUSABLE);
}

static void vmx_set_table(enum vmcs_segment index, uint64_t base, uint32_t limit)
{
	vmcs_write(VMCS_GUEST_BASE + 2 * index, base);
	vmcs_write(VMCS_GUEST_LIMIT + 2 * index, limit);
}

/* Code and data segments count as accessed once they are loaded (27.3.1.2). */
static struct cellhv_segment vmx_accessed(struct cellhv_segment segment)
{
	if (segment.attributes)
		segment.attributes |= SEGMENT_ACCESSED;
	return segment;
}

static void vmx_load_native(struct cpu *cpu, const struct cellhv_native *native)
{
	const struct cellhv_segment *segments[VMCS_SEGMENTS] = {
		[VMCS_ES] = &native->es, [VMCS_CS] = &native->cs, [VMCS_SS] = &native->ss,
		[VMCS_DS] = &native->ds, [VMCS_FS] = &native->fs, [VMCS_GS] = &native->gs};

	for (enum vmcs_segment i = VMCS_ES; i <= VMCS_GS; i++) {
		struct cellhv_segment segment = vmx_accessed(*segments[i]);

		vmx_set_segment(i, &segment);
	}
	vmx_set_segment(VMCS_LDTR, &native->ldtr);
	vmx_set_segment(VMCS_TR, &native->tr);
	vmx_set_table(VMCS_GDTR, native->gdt_base, native->gdt_limit);
	vmx_set_table(VMCS_IDTR, native->idt_base, native->idt_limit);
	vmx_set_cr0(native->cr0);
	vmx_set_cr4(cpu, native->cr4);
	vmcs_write(VMCS_GUEST_CR3, native->cr3);
	vmx_set_efer(cpu, msr_read(MSR_EFER));
	vmcs_write(VMCS_GUEST_PAT, msr_read(MSR_PAT));
	vmcs_write(VMCS_GUEST_DR7, dr7_read());
	vmcs_write(VMCS_GUEST_DEBUGCTL, msr_read(MSR_DEBUGCTL));
	vmcs_write(VMCS_GUEST_SYSENTER_CS, msr_read(MSR_SYSENTER_CS));
	vmcs_write(VMCS_GUEST_SYSENTER_ESP, msr_read(MSR_SYSENTER_ESP));
	vmcs_write(VMCS_GUEST_SYSENTER_EIP, msr_read(MSR_SYSENTER_EIP));
	vmcs_write(VMCS_GUEST_RSP, native->rsp);
	vmcs_write(VMCS_GUEST_RIP, native->rip);
	vmcs_write(VMCS_GUEST_RFLAGS, native->rflags);
	if (vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_LOAD_CET) {
		vmcs_write(VMCS_GUEST_S_CET, msr_read(MSR_S_CET));
		vmcs_write(VMCS_GUEST_SSP_TABLE, msr_read(MSR_SSP_TABLE));
	}
}

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
	vmx_do_vmclear(machine_phys(cpu->vcpu->vmcs));
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

	cpu->vcpu = vcpu;
	if (!vmx_do_vmxon(machine_phys(vcpu->vmxon_region)))
		return -EIO;
	if (!vmx_do_vmclear(machine_phys(vcpu->vmcs)) ||
	    !vmx_do_vmptrld(machine_phys(vcpu->vmcs))) {
		vmx_off(cpu);
		return -EIO;
	}
	vmx_clear_fields();
	vmx_set_owner(cpu);
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
	vmcs_write(VMCS_HOST_GS_BASE, (uint64_t)cpu);
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
	struct cellhv_frame *frame = &cpu->frame;
	uint64_t gdt = vmcs_read(VMCS_GUEST_BASE + 2 * VMCS_GDTR);
	uint64_t idt = vmcs_read(VMCS_GUEST_BASE + 2 * VMCS_IDTR);
	uint16_t *selectors[] = {
		[VMCS_ES] = &frame->es, [VMCS_SS] = &frame->ss, [VMCS_DS] = &frame->ds,
		[VMCS_FS] = &frame->fs, [VMCS_GS] = &frame->gs, [VMCS_LDTR] = &frame->ldtr};

	cpu->regs[RSP] = vmcs_read(VMCS_GUEST_RSP);
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
	uint64_t cr0 = vmx_get_cr0(), dr7 = vmcs_read(VMCS_GUEST_DR7);

	msr_write(MSR_DEBUGCTL, vmcs_read(VMCS_GUEST_DEBUGCTL));
	msr_write(MSR_PAT, vmcs_read(VMCS_GUEST_PAT));
	msr_write(MSR_EFER, vmcs_read(VMCS_GUEST_EFER));
	msr_write(MSR_SYSENTER_CS, vmcs_read(VMCS_GUEST_SYSENTER_CS));
	msr_write(MSR_SYSENTER_ESP, vmcs_read(VMCS_GUEST_SYSENTER_ESP));
	msr_write(MSR_SYSENTER_EIP, vmcs_read(VMCS_GUEST_SYSENTER_EIP));
	if (vmcs_read(VMCS_EXIT_CONTROLS) & EXIT_LOAD_CET) {
		msr_write(MSR_S_CET, vmcs_read(VMCS_GUEST_S_CET));
		msr_write(MSR_SSP_TABLE, vmcs_read(VMCS_GUEST_SSP_TABLE));
	}
	vmx_load_tr();
	vmx_off(cpu);
	dr7_write(dr7);
	cr0_write(cr0);
}

/* The VMCS has kept what it had when the CPU stopped. */
static void vmx_restart(struct cpu *cpu)
{
	cr4_write(cr4_read() | CR4_VMXE);
	cpu->launched = false;
	if (!vmx_do_vmxon(machine_phys(cpu->vcpu->vmxon_region)) ||
	    !vmx_do_vmptrld(machine_phys(cpu->vcpu->vmcs)))
		panic("CPU %u: VMX cannot be turned on again", cpu->number);
}

static _Noreturn void vmx_stop(struct cpu *cpu)
{
	vmx_off(cpu);
	cr4_write(cr4_read() & ~CR4_VMXE);
	for (;;)
		halt_forever();
}

static void vmx_reset_segments(uint16_t cs_selector, uint64_t cs_base)
{
	struct cellhv_segment segment = {.limit = 0xffff, .attributes = SEGMENT_DATA_16};

	for (enum vmcs_segment i = VMCS_ES; i <= VMCS_GS; i++)
		vmx_set_segment(i, &segment);
	segment.attributes = SEGMENT_LDT;
	vmx_set_segment(VMCS_LDTR, &segment);
	segment.attributes = SEGMENT_TSS_BUSY;
	vmx_set_segment(VMCS_TR, &segment);
	segment.attributes = SEGMENT_CODE_16;
	segment.selector = cs_selector;
	segment.base = cs_base;
	vmx_set_segment(VMCS_CS, &segment);
	vmx_set_table(VMCS_GDTR, 0, 0xffff);
	vmx_set_table(VMCS_IDTR, 0, 0xffff);
}

static void vmx_reset(struct cpu *cpu, uint16_t cs_selector, uint64_t cs_base, uint16_t ip)
{
	static const uint16_t zeroed[] = {VMCS_GUEST_CR3,	   VMCS_GUEST_RSP,
					  VMCS_GUEST_DEBUGCTL,	   VMCS_GUEST_SYSENTER_CS,
					  VMCS_GUEST_SYSENTER_ESP, VMCS_GUEST_SYSENTER_EIP,
					  VMCS_GUEST_S_CET,	   VMCS_GUEST_SSP_TABLE};

	memset(cpu->regs, 0, sizeof(cpu->regs));
	vmx_clear_fields();
	for (unsigned i = 0; i < sizeof(zeroed) / sizeof(*zeroed); i++)
		vmcs_write(zeroed[i], 0);
	for (unsigned i = 0; i < sizeof(vmx_call_msrs) / sizeof(*vmx_call_msrs); i++)
		msr_write_safe(vmx_call_msrs[i], 0);
	vmx_reset_segments(cs_selector, cs_base);
	vmcs_write(VMCS_GUEST_RIP, ip);
	vmcs_write(VMCS_GUEST_RFLAGS, RFLAGS_FIXED);
	vmcs_write(VMCS_GUEST_DR7, DR7_RESET);
	vmcs_write(VMCS_GUEST_PAT, PAT_RESET);
	vmx_set_cr0(CR0_ET | CR0_NW | CR0_CD);
	vmx_set_cr4(cpu, 0);
	cr2_write(0);
	vmx_nmi_reset(cpu);
	vmx_set_owner(cpu);
	vmx_set_efer(cpu, 0);
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

static void vmx_skip(struct cpu *cpu, unsigned bytes)
{
	uint64_t rip = vmcs_read(VMCS_GUEST_RIP) + bytes;
	bool long_mode = vmcs_read(VMCS_GUEST_ATTRIBUTES + 2 * VMCS_CS) & VMCS_SEGMENT_LONG;

	(void)cpu;
	vmcs_write(VMCS_GUEST_RIP, long_mode ? rip : (uint32_t)rip);
	vmx_end_shadow();
}

static void vmx_inject_exception(struct cpu *cpu, unsigned vector, bool has_error, uint32_t error)
{
	(void)cpu;
	vmcs_write(VMCS_ENTRY_EVENT,
		   EVENT_VALID | EVENT_TYPE_EXCEPTION | vector | (has_error ? EVENT_HAS_ERROR : 0));
	vmcs_write(VMCS_ENTRY_ERROR, error);
	vmx_end_shadow();
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

static void vmx_allow_interrupts(void)
{
	__asm__ volatile("sti; nop; nop; cli" : : : "memory");
}

static void vmx_describe_nested(struct paging *paging)
{
	paging->format = &paging_ept;
	paging->levels = EPT_LEVELS;
	paging->huge_1g = vmx_has_huge_pages();
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
	.run = vmx_run,
	.save_frame = vmx_save_frame,
	.leave = vmx_leave,
	.stop = vmx_stop,
	.restart = vmx_restart,
	.reset = vmx_reset,
	.get_state = vmx_get_state,
	.skip = vmx_skip,
	.inject_exception = vmx_inject_exception,
	.queue_nmi = vmx_nmi_queue,
	.flush = vmx_flush,
	.set_efer = vmx_set_efer,
	.get_pat = vmx_get_pat,
	.set_pat = vmx_set_pat,
	.wait = vmx_wait,
	.nmi_arrived = vmx_nmi_arrived,
	.allow_interrupts = vmx_allow_interrupts,
};
