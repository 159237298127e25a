/* SPDX-License-Identifier: GPL-2.0-only */
/* Exits of a VMX guest: from the exit reason to the handler that all back ends share. */
#include "arch/x86/exits.h"

#include "arch/x86/cpuid.h"
#include "arch/x86/mmio.h"
#include "arch/x86/msr.h"
#include "arch/x86/nmi.h"
#include "arch/x86/port.h"
#include "arch/x86/safe.h"
#include "arch/x86/skip.h"
#include "arch/x86/vmx/vmx.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/print.h"

/* Exit qualification of I/O instructions (Intel SDM vol. 3, table 28-5) */
#define PORT_IN (1u << 3)
#define PORT_STRING (1u << 4)
#define PORT_NUMBER_SHIFT 16

/* Of EPT violations (table 28-7) */
#define EPT_WRITE_ACCESS (1u << 1)
#define EPT_FETCH_ACCESS (1u << 2)

/* Of control-register accesses (table 28-3): nothing but MOV to a register ever exits. */
#define CR_NUMBER(qualification) ((qualification)&0xf)
#define CR_REGISTER(qualification) ((qualification) >> 8 & 0xf)

#define DEBUGCTL_ENDED (DEBUGCTL_BTF | DEBUGCTL_LBR) /* by a #DB (18.4.2 and 18.4.4) */

/* An exception that the guest would have had: it gets it. */
static void exit_reflect(uint32_t event)
{
	vmx_inject(event, vmcs_read32(VMCS_EXIT_ERROR), vmcs_read32(VMCS_INSTRUCTION_LENGTH));
}

/* The exit has changed neither DR6, DR7 nor DEBUGCTL, as delivery would have (28.1). */
static void exit_debug(uint32_t event)
{
	if ((event & EVENT_TYPE) == EVENT_TYPE_EXCEPTION) {
		dr6_write(vmx_event_dr6(dr6_read(), vmcs_read(VMCS_QUALIFICATION)));
		vmcs_write(VMCS_GUEST_DR7, vmcs_read(VMCS_GUEST_DR7) & ~DR7_GENERAL_DETECT);
		vmcs_write(VMCS_GUEST_DEBUGCTL, vmcs_read(VMCS_GUEST_DEBUGCTL) & ~DEBUGCTL_ENDED);
	}
	exit_reflect(event);
}

static void exit_event(struct cpu *cpu)
{
	uint32_t event = vmcs_read32(VMCS_EXIT_EVENT);

	if ((event & EVENT_TYPE) == EVENT_TYPE_NMI) {
		/* The exit took it; this notes it, and its IRET lets the next one in. */
		__asm__ volatile("int $2" : : : "memory");
		return;
	}
	vmx_nmi_unblocked(event);
	switch (event & EVENT_VECTOR) {
	case VECTOR_UD:
		exit_undefined(cpu);
		break;
	case VECTOR_MC:
		exit_machine_check(cpu);
		break;
	case VECTOR_DB:
		cpu_count(cpu, CELLHV_EXIT_EXCEPTION);
		exit_debug(event);
		break;
	default:
		cpu_count(cpu, CELLHV_EXIT_EXCEPTION);
		exit_reflect(event);
	}
}

/* INIT and SIPI of guests are emulated; one of the machine's own finds no one to reset here. */
static void exit_ignore(struct cpu *cpu)
{
	cpu_count(cpu, CELLHV_EXIT_OTHER);
	if (cpu_may_complain(cpu))
		print("CPU %u: INIT or SIPI from outside ignored\n", cpu->number);
}

/* Nobody's tasks switch by hardware here: the segment of the new one (table 28-2) is not valid. */
static void exit_task_switch(struct cpu *cpu)
{
	uint32_t selector = vmcs_read32(VMCS_QUALIFICATION) & 0xfffc;

	if (!cell_is_root(cpu->cell)) {
		exit_unknown(cpu, VMX_EXIT_TASK_SWITCH);
		return;
	}
	cpu_count(cpu, CELLHV_EXIT_OTHER);
	vcpu_ops->inject_exception(cpu, VECTOR_TS, true, selector);
}

/* The NMI goes in before the guest goes on. */
static void exit_nmi_window(struct cpu *cpu)
{
	cpu_count(cpu, CELLHV_EXIT_NMI);
}

/*
 * A masked bit of CR0 or CR4 is about to change. The guest sees it as it wants it from now on, and
 * executes the instruction once more: then the other bits get what the processor has for them.
 */
static void exit_cr(struct cpu *cpu)
{
	uint32_t qualification = vmcs_read32(VMCS_QUALIFICATION);
	uint64_t value = cpu->arch->regs[CR_REGISTER(qualification)];

	cpu_count(cpu, CELLHV_EXIT_CONTROL);
	if (CR_NUMBER(qualification) == 0)
		vmcs_write(VMCS_CR0_SHADOW, value);
	else if (value & (cell_is_root(cpu->cell) ? CR4_FRED : CR4_FRED | CR4_VMXE))
		vcpu_inject_gp(cpu);
	else
		vmcs_write(VMCS_CR4_SHADOW, value);
}

static void exit_port(struct cpu *cpu)
{
	uint32_t info = vmcs_read32(VMCS_QUALIFICATION);
	struct port_access access = {
		.port = (uint16_t)(info >> PORT_NUMBER_SHIFT),
		.size = (info & 7) + 1,
		.write = !(info & PORT_IN),
		.string = info & PORT_STRING,
	};

	if (port_exit(cpu, &access))
		skip_instruction(cpu);
}

static void exit_rdmsr(struct cpu *cpu)
{
	msr_exit(cpu, false);
}

static void exit_wrmsr(struct cpu *cpu)
{
	msr_exit(cpu, true);
}

/* The processor judges the value: what it refuses, it refuses the guest. */
static void exit_xsetbv(struct cpu *cpu)
{
	uint64_t value = cpu->arch->regs[RDX] << 32 | (uint32_t)cpu->arch->regs[RAX];

	cpu_count(cpu, CELLHV_EXIT_CONTROL);
	if (xcr_write_safe((uint32_t)cpu->arch->regs[RCX], value))
		skip_instruction(cpu);
	else
		vcpu_inject_gp(cpu);
}

static void exit_ept_violation(struct cpu *cpu)
{
	uint32_t info = vmcs_read32(VMCS_QUALIFICATION);
	uint32_t access = MMIO_READ;

	vmx_nmi_unblocked(info);
	if (info & EPT_FETCH_ACCESS)
		access = MMIO_FETCH;
	else if (info & EPT_WRITE_ACCESS)
		access = MMIO_WRITE;
	mmio_exit(cpu, vmcs_read(VMCS_GUEST_PHYSICAL), access);
}

/* Linux's VMX instructions fail as they do where the firmware forbids VMX; a cell has none. */
static void exit_vmx_instruction(struct cpu *cpu)
{
	if (vmcs_read(VMCS_CR4_SHADOW) & CR4_VMXE)
		exit_inject_gp(cpu);
	else
		exit_inject_ud(cpu);
}

static void (*const exits[VMX_EXITS])(struct cpu *cpu) = {
	[VMX_EXIT_EVENT] = exit_event,
	[VMX_EXIT_TRIPLE_FAULT] = exit_shutdown,
	[VMX_EXIT_INIT] = exit_ignore,
	[VMX_EXIT_SIPI] = exit_ignore,
	[VMX_EXIT_NMI_WINDOW] = exit_nmi_window,
	[VMX_EXIT_TASK_SWITCH] = exit_task_switch,
	[VMX_EXIT_CPUID] = cpuid_exit,
	[VMX_EXIT_GETSEC] = exit_inject_ud,
	[VMX_EXIT_INVD] = exit_cache,
	[VMX_EXIT_RDPMC] = exit_inject_gp,
	[VMX_EXIT_VMCALL] = exit_hypercall,
	[VMX_EXIT_VMCLEAR... VMX_EXIT_VMXON] = exit_vmx_instruction,
	[VMX_EXIT_CR] = exit_cr,
	[VMX_EXIT_PORT] = exit_port,
	[VMX_EXIT_RDMSR] = exit_rdmsr,
	[VMX_EXIT_WRMSR] = exit_wrmsr,
	[VMX_EXIT_MWAIT] = exit_inject_ud,
	[VMX_EXIT_MONITOR] = exit_inject_ud,
	[VMX_EXIT_EPT_VIOLATION] = exit_ept_violation,
	[VMX_EXIT_INVEPT] = exit_vmx_instruction,
	[VMX_EXIT_INVVPID] = exit_vmx_instruction,
	[VMX_EXIT_WBINVD] = exit_cache,
	[VMX_EXIT_XSETBV] = exit_xsetbv,
	[VMX_EXIT_VMFUNC] = exit_inject_ud,
};

/* An event whose delivery the exit interrupted is delivered again (28.2.4, 27.8). */
static void exit_redeliver(void)
{
	uint32_t event = vmcs_read32(VMCS_VECTORING_EVENT);

	if (event & EVENT_VALID)
		vmx_inject(event, vmcs_read32(VMCS_VECTORING_ERROR),
			   vmcs_read32(VMCS_INSTRUCTION_LENGTH));
}

/* 27.7 and 27.8; the qualification tells more about an invalid guest state. */
static void exit_failed_entry(struct cpu *cpu, uint32_t reason)
{
	uint64_t qualification = vmcs_read(VMCS_QUALIFICATION);
	struct vcpu_state state;

	vcpu_ops->get_state(cpu, &state);
	print("CPU %u: rip %llx rflags %llx cr0 %llx cr3 %llx cr4 %llx efer %llx, qualification "
	      "%llx\n",
	      cpu->number, (unsigned long long)state.rip, (unsigned long long)state.rflags,
	      (unsigned long long)state.cr0, (unsigned long long)state.cr3,
	      (unsigned long long)state.cr4, (unsigned long long)state.efer,
	      (unsigned long long)qualification);
	exit_refused(cpu,
		     reason == VMX_EXIT_GUEST_STATE   ? "invalid guest state"
		     : reason == VMX_EXIT_MSR_LOADING ? "an MSR cannot be loaded"
						      : "a machine check",
		     qualification);
}

static void exit_dispatch(struct cpu *cpu, uint32_t reason)
{
	if (reason & EXIT_REASON_ENTRY_FAILED)
		exit_failed_entry(cpu, reason & 0xffff);
	else if (reason < VMX_EXITS && exits[reason])
		exits[reason](cpu);
	else
		exit_unknown(cpu, reason);
}

static void exit_prepare_entry(struct cpu *cpu)
{
	nmi_handle_arrived(cpu);
	vmx_nmi_prepare(cpu);
	vmcs_write(VMCS_GUEST_RSP, cpu->arch->regs[RSP]);
}

void vmx_exit(struct arch_cpu *arch)
{
	struct cpu *cpu = arch->cpu;
	uint32_t reason = vmcs_read32(VMCS_EXIT_REASON);

	cpu_count(cpu, CELLHV_EXIT_TOTAL);
	arch->regs[RSP] = vmcs_read(VMCS_GUEST_RSP);
	if (!(reason & EXIT_REASON_ENTRY_FAILED)) {
		arch->refusals = 0;
		exit_redeliver();
	}
	exit_dispatch(cpu, reason);
	arch->has_run = arch->launched = true;
	exit_prepare_entry(cpu);
}

void vmx_recheck(struct arch_cpu *arch)
{
	exit_prepare_entry(arch->cpu);
}

/* VM-instruction errors that an entry can have (31.4). */
static const char *const errors[] = {
	[4] = "VMLAUNCH with a VMCS that is not clear",
	[5] = "VMRESUME with a VMCS that is not launched",
	[7] = "invalid control fields",
	[8] = "invalid host state",
	[26] = "events blocked by MOV SS",
};

void vmx_entry_failed(struct arch_cpu *arch)
{
	uint32_t error = vmcs_read32(VMCS_INSTRUCTION_ERROR);
	const char *why = error < sizeof(errors) / sizeof(*errors) ? errors[error] : NULL;

	exit_refused(arch->cpu, why ? why : "unknown VM-instruction error", error);
	exit_prepare_entry(arch->cpu);
}
