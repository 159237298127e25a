/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/msr.h"

#include "arch/x86/apic.h"
#include "arch/x86/efer.h"
#include "arch/x86/ipi.h"
#include "arch/x86/machine.h"
#include "arch/x86/safe.h"
#include "arch/x86/skip.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/print.h"

#define TRACE_ENABLED 1ull /* of MSR_TRACE_CONTROL */
#define XSS_TRACE (1ull << 8)

/*
 * What the table does not let through: #GP, as from a processor without this register, for which
 * guests are made. A strict cell fails.
 */
static int msr_refuse(struct cpu *cpu, uint32_t msr, bool write)
{
	if (cell_is_root(cpu->cell))
		return -EPERM;
	if (cpu->cell->config->flags & CELLHV_CELL_STRICT_MSRS)
		return -EPERM;
	if (cpu_may_complain(cpu))
		print("CPU %u: cell \"%s\" %s MSR %x: #GP\n", cpu->number, cpu->cell->name,
		      write ? "writes" : "reads", msr);
	return -EINVAL;
}

/* To the hardware; also what is allowed, but outside what the bitmaps cover. */
static int msr_pass(uint32_t msr, bool write, uint64_t *value)
{
	bool ok = write ? msr_write_safe(msr, *value) : msr_read_safe(msr, value);

	return ok ? 0 : -EINVAL;
}

/* Asks the processor itself: an entry to the guest with a bit that it lacks would fail. */
static bool msr_takes_efer(uint64_t next)
{
	uint64_t own = msr_read(MSR_EFER), probe = efer_probe(own, next);

	if (probe == own)
		return true;
	return msr_write_safe(MSR_EFER, probe) && msr_write_safe(MSR_EFER, own);
}

/* SVME stays set. The root sees it, which tells KVM that SVM is in use; a cell does not. */
static int msr_efer(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	const bool root = cell_is_root(cpu->cell);
	struct efer_write request = {.root = root};
	struct vcpu_state state;
	uint64_t next;

	(void)msr;
	vcpu_ops->get_state(cpu, &state);
	if (!write) {
		*value = root ? state.efer : state.efer & ~EFER_SVME;
		return 0;
	}
	request.paging = state.cr0 & CR0_PG;
	request.now = state.efer;
	request.wanted = *value;
	if (efer_decide(&request, &next) || !msr_takes_efer(next))
		return -EINVAL;

	vcpu_ops->set_efer(cpu, next);
	return 0;
}

static int msr_root_apic_base(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	uint64_t now = msr_read(msr);

	if (!write) {
		*value = now;
		return 0;
	}
	/* Base and mode stay; Linux writes back what it read. */
	if (*value != now && cpu_may_complain(cpu))
		print("CPU %u: APIC_BASE %llx kept\n", cpu->number, (unsigned long long)now);
	return *value == now ? 0 : -EPERM;
}

#define APIC_MODES (APIC_BASE_ENABLE | APIC_BASE_EXTD)

/* Where the modes lead (Intel SDM vol. 3, 11.12.5): only disabling ends x2APIC mode. */
static bool apic_mode_follows(uint64_t now, uint64_t next)
{
	if (next == APIC_BASE_EXTD)
		return false;
	return next == now || !next || (now && now != APIC_MODES) ||
	       (!now && next == APIC_BASE_ENABLE);
}

/* A kernel for PCs may leave x2APIC mode, and looks whether it has. What is given it stays as it
 * is. */
static int msr_set_apic_mode(struct cpu *cpu, uint64_t value)
{
	if ((value & ~(APIC_MODES | APIC_BASE_BSP)) != XAPIC_BASE ||
	    !apic_mode_follows(cpu->arch->apic_mode, value & APIC_MODES))
		return -EINVAL;
	cpu->arch->apic_mode = value & APIC_MODES;
	return 0;
}

static int msr_cell_apic_base(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	const bool pc = cpu->cell->config->flags & CELLHV_CELL_PLATFORM_PC;

	(void)msr;
	if (write && pc)
		return msr_set_apic_mode(cpu, *value);
	if (write)
		return (*value & ~(APIC_BASE_EXTD | APIC_BASE_BSP)) ==
				       (XAPIC_BASE | APIC_BASE_ENABLE)
			       ? 0
			       : -EPERM;
	*value = XAPIC_BASE | (pc ? cpu->arch->apic_mode : APIC_MODES) |
		 (config_cpu(cpu->cell->config, 0) == cpu->number ? APIC_BASE_BSP : 0);
	return 0;
}

/* A kernel for PCs believes that they are there, as CPUID says so: there are no banks, no event. */
static int msr_cell_machine_check(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	if (write || !(cpu->cell->config->flags & CELLHV_CELL_PLATFORM_PC))
		return msr_refuse(cpu, msr, write);
	*value = 0;
	return 0;
}

static int msr_icr(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	(void)msr;
	if (!write) {
		*value = 0;
		return 0;
	}
	if (*value & APIC_ICR_RESERVED)
		return -EINVAL;
	return ipi_send_x2apic(cpu, *value) ? 0 : -EPERM;
}

/* A cell's x2APIC registers, where the hardware cannot be given to it. */
static int msr_cell_x2apic(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	unsigned reg = msr - MSR_X2APIC;
	uint32_t low = (uint32_t)*value;

	if (write)
		return apic_guest_write(cpu, reg, low);
	if (!apic_guest_read(cpu, reg, &low))
		return -EPERM;
	*value = low;
	return 0;
}

static int msr_cell_ldr(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	(void)msr;
	if (write)
		return -EPERM;
	*value = (cpu->arch->apic_id >> 4) << 16 | 1u << (cpu->arch->apic_id & 15);
	return 0;
}

static bool pat_is_valid(uint64_t pat)
{
	for (unsigned i = 0; i < 8; i++) {
		unsigned type = (pat >> (8 * i)) & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

static int msr_cell_pat(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	(void)msr;
	if (!write) {
		*value = vcpu_ops->get_pat(cpu);
		return 0;
	}
	if (!pat_is_valid(*value))
		return -EINVAL;
	vcpu_ops->set_pat(cpu, *value);
	return 0;
}

/* Kept but without effect: the machine's MTRRs are the root's. */
static int msr_cell_mtrr_default(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	unsigned type = *value & 0xff;

	(void)msr;
	if (!write) {
		*value = cpu->arch->mtrr_default;
		return 0;
	}
	if ((*value & ~0xcffull) || type > 6 || type == 2 || type == 3)
		return -EINVAL;
	cpu->arch->mtrr_default = *value;
	return 0;
}

/*
 * Intel PT writes to physical addresses past the nested tables: it stays off, as on processors that
 * do not trace in VMX operation (Intel SDM vol. 3, 33.2.8.2); nor does XRSTORS turn it on (XSS bit
 * 8).
 */
static int msr_root_trace(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	const uint64_t bit = msr == MSR_XSS ? XSS_TRACE : TRACE_ENABLED;

	(void)cpu;
	return write && (*value & bit) ? -EINVAL : msr_pass(msr, write, value);
}

/*
 * The processor writes its table of hardware feedback there, past the nested tables (Intel SDM vol.
 * 3, 15.6): it stays where Linux had put it before. Linux writes the same again after CPU
 * hotplug.
 */
static int msr_root_feedback(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	uint64_t now;

	(void)cpu;
	if (!write || !msr_read_safe(msr, &now))
		return msr_pass(msr, write, value);
	return *value == now ? 0 : -EINVAL;
}

static int msr_zero(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	(void)cpu;
	(void)msr;
	if (!write)
		*value = 0;
	return 0;
}

#define DENY PERMISSION_DENY
#define ALLOW PERMISSION_ALLOW
#define HANDLE PERMISSION_HANDLE
#define X2APIC(reg) (MSR_X2APIC + (reg))

static const struct msr_permission root_entries[] = {
	{MSR_EFER, MSR_EFER, HANDLE, HANDLE, msr_efer},
	{MSR_VM_CR, MSR_VM_CR, ALLOW, DENY, NULL},
	{MSR_VM_HSAVE_PA, MSR_VM_HSAVE_PA, DENY, DENY, NULL},
	{MSR_TRACE_CONTROL, MSR_TRACE_CONTROL, ALLOW, HANDLE, msr_root_trace},
	{MSR_XSS, MSR_XSS, ALLOW, HANDLE, msr_root_trace},
	{MSR_FEEDBACK_POINTER, MSR_FEEDBACK_POINTER, ALLOW, HANDLE, msr_root_feedback},
	{MSR_APIC_BASE, MSR_APIC_BASE, HANDLE, HANDLE, msr_root_apic_base},
	{X2APIC(APIC_ICR), X2APIC(APIC_ICR), ALLOW, HANDLE, msr_icr},
	{0, UINT32_MAX, ALLOW, ALLOW, NULL},
};

/*
 * What every cell may use; the APIC comes before it. Those that can only be read tell about the
 * processor and do not change it: its own answer is right, #GP where it has no such register.
 */
#define CELL_ENTRIES                                                                         \
	{MSR_APIC_BASE, MSR_APIC_BASE, HANDLE, HANDLE, msr_cell_apic_base},                  \
		{X2APIC(APIC_LDR), X2APIC(APIC_LDR), HANDLE, DENY, msr_cell_ldr},            \
		{X2APIC(APIC_ICR), X2APIC(APIC_ICR), HANDLE, HANDLE, msr_icr},               \
		{X2APIC(0), X2APIC(0x3f), HANDLE, HANDLE, msr_cell_x2apic},                  \
		{0x10, 0x10, ALLOW, DENY, NULL}, /* TSC */                                   \
		{MSR_SMI_COUNT, MSR_SMI_COUNT, ALLOW, DENY, NULL},                           \
		{MSR_MICROCODE, MSR_MICROCODE, ALLOW, DENY, NULL},                           \
		{MSR_PLATFORM_INFO, MSR_PLATFORM_INFO, ALLOW, DENY, NULL},                   \
		{MSR_MPERF, MSR_APERF, ALLOW, DENY, NULL},                                   \
		{MSR_MTRR_CAP, MSR_MTRR_CAP, HANDLE, DENY, msr_zero},                        \
		{MSR_SYSENTER_CS, MSR_SYSENTER_EIP, ALLOW, ALLOW, NULL},                     \
		{MSR_MCG_CAP, MSR_MCG_STATUS, HANDLE, HANDLE, msr_cell_machine_check},       \
		{MSR_MISC_ENABLE, MSR_MISC_ENABLE, HANDLE, HANDLE, msr_zero},                \
		{MSR_PAT, MSR_PAT, HANDLE, HANDLE, msr_cell_pat},                            \
		{MSR_MTRR_DEFAULT, MSR_MTRR_DEFAULT, HANDLE, HANDLE, msr_cell_mtrr_default}, \
		{MSR_TSC_DEADLINE, MSR_TSC_DEADLINE, ALLOW, ALLOW, NULL},                    \
		{MSR_EFER, MSR_EFER, HANDLE, HANDLE, msr_efer},                              \
		{MSR_STAR, MSR_SFMASK, ALLOW, ALLOW, NULL},                                  \
	{                                                                                    \
		MSR_FS_BASE, MSR_TSC_AUX, ALLOW, ALLOW, NULL                                 \
	}

static const struct msr_permission cell_entries[] = {
	{X2APIC(APIC_ID), X2APIC(APIC_VERSION), ALLOW, DENY, NULL},
	{X2APIC(APIC_TPR), X2APIC(APIC_TPR), ALLOW, ALLOW, NULL},
	{X2APIC(APIC_EOI), X2APIC(APIC_EOI), DENY, ALLOW, NULL},
	{X2APIC(APIC_SVR), X2APIC(APIC_SVR), ALLOW, ALLOW, NULL},
	{X2APIC(APIC_ISR), X2APIC(APIC_IRR + 7), ALLOW, DENY, NULL},
	{X2APIC(APIC_ESR), X2APIC(APIC_ESR), ALLOW, ALLOW, NULL},
	{X2APIC(APIC_TIMER_INITIAL), X2APIC(APIC_TIMER_INITIAL), ALLOW, ALLOW, NULL},
	{X2APIC(APIC_TIMER_CURRENT), X2APIC(APIC_TIMER_CURRENT), ALLOW, DENY, NULL},
	{X2APIC(APIC_TIMER_DIVIDE), X2APIC(APIC_TIMER_DIVIDE), ALLOW, ALLOW, NULL},
	{X2APIC(APIC_SELF_IPI), X2APIC(APIC_SELF_IPI), DENY, ALLOW, NULL},
	CELL_ENTRIES,
};

static const struct msr_permission cell_entries_no_x2apic[] = {CELL_ENTRIES};

#define MSR_TABLE(array)                              \
	{                                             \
		array, sizeof(array) / sizeof(*array) \
	}
const struct msr_table msr_root_table = MSR_TABLE(root_entries);
const struct msr_table msr_cell_table = MSR_TABLE(cell_entries);
const struct msr_table msr_cell_table_no_x2apic = MSR_TABLE(cell_entries_no_x2apic);

static const struct msr_table *msr_table_of(const struct cpu *cpu)
{
	if (cell_is_root(cpu->cell))
		return &msr_root_table;
	return cpu->arch->x2apic ? &msr_cell_table : &msr_cell_table_no_x2apic;
}

static int msr_access(struct cpu *cpu, uint32_t msr, bool write, uint64_t *value)
{
	const struct msr_table *table = msr_table_of(cpu);
	const struct msr_permission *entry = msr_permission_find(table->entries, table->count, msr);
	unsigned permission;

	permission = !entry ? PERMISSION_DENY : write ? entry->write : entry->read;
	if (permission == PERMISSION_ALLOW)
		return msr_pass(msr, write, value);
	if (permission == PERMISSION_DENY)
		return msr_refuse(cpu, msr, write);
	return entry->handle(cpu, msr, write, value);
}

void msr_exit(struct cpu *cpu, bool write)
{
	uint32_t msr = (uint32_t)cpu->arch->regs[RCX];
	uint64_t value = cpu->arch->regs[RDX] << 32 | (uint32_t)cpu->arch->regs[RAX];
	int err;

	cpu_count(cpu, msr == X2APIC(APIC_ICR) ? CELLHV_EXIT_MSR_ICR : CELLHV_EXIT_MSR);
	err = msr_access(cpu, msr, write, &value);
	if (err == -EPERM && !cell_is_root(cpu->cell)) {
		cpu_fail(cpu, CELLHV_FAILURE_MSR, msr, write ? value : 0);
		return;
	}
	if (err) {
		vcpu_inject_gp(cpu);
		return;
	}
	if (!write) {
		cpu->arch->regs[RAX] = (uint32_t)value;
		cpu->arch->regs[RDX] = value >> 32;
	}
	skip_instruction(cpu);
}
