/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest's context in the VMCS: Linux's as it is, or that of a CPU after INIT, and whose it is. */
#include "arch/x86/barrier.h"
#include "arch/x86/idt.h"
#include "arch/x86/machine.h"
#include "arch/x86/port_ranges.h"
#include "arch/x86/safe.h"
#include "arch/x86/vmx/vmx.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/string.h"

#define VPID_ROOT 1u
#define VPID_CELL 2u
#define EPT_POINTER_WRITE_BACK 6ull
#define EPT_POINTER_LEVELS(levels) ((levels)-1ull) << 3
#define INVEPT_ALL 2ull
#define INVVPID_ALL 2ull
#define SEGMENT_CODE_16 0x9bu
#define SEGMENT_DATA_16 0x93u
#define SEGMENT_LDT 0x82u
#define SEGMENT_TSS_BUSY 0x8bu
#define SEGMENT_ACCESSED 1u
#define DR7_RESET 0x400ull

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

static uint64_t vmx_cr4_ones(const struct cpu *cpu)
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
	/* FRED needs more than an entry loads: nobody turns it on (vmx/exits.c). */
	vmcs_write(VMCS_CR4_MASK, vmx_cr4_ones(cpu) | CR4_FRED);
	vmcs_write(VMCS_CR4_SHADOW, value);
	vmcs_write(VMCS_GUEST_CR4, vmx_fixed_cr4(value | vmx_cr4_ones(cpu)));
}

uint64_t vmx_get_cr0(void)
{
	uint64_t mask = vmcs_read(VMCS_CR0_MASK);

	return (vmcs_read(VMCS_GUEST_CR0) & ~mask) | (vmcs_read(VMCS_CR0_SHADOW) & mask);
}

uint64_t vmx_get_cr4(void)
{
	uint64_t mask = vmcs_read(VMCS_CR4_MASK);

	return (vmcs_read(VMCS_GUEST_CR4) & ~mask) | (vmcs_read(VMCS_CR4_SHADOW) & mask);
}

void vmx_set_efer(struct cpu *cpu, uint64_t efer)
{
	uint32_t entry = vmcs_read32(VMCS_ENTRY_CONTROLS) & ~ENTRY_GUEST_64;

	(void)cpu;
	vmcs_write(VMCS_GUEST_EFER, efer);
	vmcs_write(VMCS_ENTRY_CONTROLS, efer & EFER_LMA ? entry | ENTRY_GUEST_64 : entry);
}

/* All that this CPU has cached: of every set of nested tables, and of every guest (29.4.3). */
void vmx_flush(struct cpu *cpu)
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
	cpu->arch->vcpu->cpu_controls = controls.cpu;
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
	const uint8_t *ports = port_ranges_bitmap(cpu->cell);
	/* Endless delivery of #DB or #AC must not keep the CPU from us. */
	uint32_t exceptions = 1u << VECTOR_DB | 1u << VECTOR_AC;

	if (!root)
		exceptions |= 1u << VECTOR_UD | 1u << VECTOR_MC;
	vmx_set_controls(cpu, root);
	vmcs_write(VMCS_EXCEPTIONS, exceptions);
	vmcs_write(VMCS_PORT_BITMAP_A, machine_phys(ports));
	vmcs_write(VMCS_PORT_BITMAP_B, machine_phys(ports) + PAGE_SIZE);
	vmcs_write(VMCS_MSR_BITMAP,
		   machine_phys(root ? x86_machine.root_msr_bitmap : x86_machine.cell_msr_bitmap));
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

void vmx_load_native(struct cpu *cpu, const struct cellhv_native *native)
{
	const struct cellhv_segment *segments[VMCS_SEGMENTS] = {
		[VMCS_ES] = &native->es, [VMCS_CS] = &native->cs, [VMCS_SS] = &native->ss,
		[VMCS_DS] = &native->ds, [VMCS_FS] = &native->fs, [VMCS_GS] = &native->gs};

	vmx_clear_fields();
	vmx_set_owner(cpu);
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

void vmx_reset(struct cpu *cpu, uint16_t cs_selector, uint64_t cs_base, uint16_t ip)
{
	static const uint16_t zeroed[] = {VMCS_GUEST_CR3,	   VMCS_GUEST_RSP,
					  VMCS_GUEST_DEBUGCTL,	   VMCS_GUEST_SYSENTER_CS,
					  VMCS_GUEST_SYSENTER_ESP, VMCS_GUEST_SYSENTER_EIP,
					  VMCS_GUEST_S_CET,	   VMCS_GUEST_SSP_TABLE};

	memset(cpu->arch->regs, 0, sizeof(cpu->arch->regs));
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
	breakpoints_clear();
	vmx_nmi_reset(cpu);
	vmx_set_owner(cpu);
	vmx_set_efer(cpu, 0);
	barrier_between_owners();
}
