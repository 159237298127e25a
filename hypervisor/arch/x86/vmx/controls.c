/* SPDX-License-Identifier: GPL-2.0-only */
/* What this CPU's VMX can do, from its capability MSRs (Intel SDM vol. 3, appendix A). */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/x86.h"

#define MSR_VMX_BASIC 0x480u
#define MSR_VMX_CR0_FIXED0 0x486u
#define MSR_VMX_CR0_FIXED1 0x487u
#define MSR_VMX_CR4_FIXED0 0x488u
#define MSR_VMX_CR4_FIXED1 0x489u
#define MSR_VMX_CPU2 0x48bu
#define MSR_VMX_EPT_VPID 0x48cu
#define MSR_VMX_TRUE_PIN 0x48du
#define MSR_VMX_TRUE_CPU 0x48eu
#define MSR_VMX_TRUE_EXIT 0x48fu
#define MSR_VMX_TRUE_ENTRY 0x490u

#define BASIC_TRUE_CONTROLS (1ull << 55)

#define EPT_FOUR_LEVELS (1ull << 6)
#define EPT_WRITE_BACK (1ull << 14)
#define EPT_2M_PAGES (1ull << 16)
#define EPT_1G_PAGES (1ull << 17)
#define EPT_INVEPT (1ull << 20)
#define EPT_INVEPT_ALL (1ull << 26)
#define EPT_INVVPID (1ull << 32)
#define EPT_INVVPID_ALL (1ull << 42)

#define STATE_EXIT                                                                         \
	(EXIT_SAVE_DEBUG | EXIT_HOST_64 | EXIT_SAVE_PAT | EXIT_LOAD_PAT | EXIT_SAVE_EFER | \
	 EXIT_LOAD_EFER)
#define STATE_ENTRY (ENTRY_LOAD_DEBUG | ENTRY_GUEST_64 | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER)

/* What Linux may be using: without the control the instructions would raise #UD. */
#define CPU2_ENABLES (CPU2_RDTSCP | CPU2_INVPCID | CPU2_XSAVES | CPU2_USER_WAIT)

/* The lower half of a control MSR has the bits that must be 1 (A.3 to A.5). */
static uint32_t vmx_adjust(uint32_t msr, uint32_t wanted)
{
	uint64_t allowed = msr_read(msr);

	return (wanted | (uint32_t)allowed) & (uint32_t)(allowed >> 32);
}

/* The upper half of a control MSR has the bits that may be 1. */
#define MAY_SET(bits) ((uint64_t)(bits) << 32)

static const struct {
	uint32_t feature;
	uint32_t msr;
	uint64_t bits; /* all of them */
} needed[] = {
	{CELLHV_CPU_FEATURE_TRUE_CONTROLS, MSR_VMX_BASIC, BASIC_TRUE_CONTROLS},
	{CELLHV_CPU_FEATURE_NESTED_PAGING, MSR_VMX_TRUE_CPU, MAY_SET(CPU_CONTROLS2)},
	{CELLHV_CPU_FEATURE_NESTED_PAGING, MSR_VMX_CPU2, MAY_SET(CPU2_EPT)},
	{CELLHV_CPU_FEATURE_NESTED_PAGING, MSR_VMX_EPT_VPID,
	 EPT_FOUR_LEVELS | EPT_WRITE_BACK | EPT_2M_PAGES},
	{CELLHV_CPU_FEATURE_UNRESTRICTED_GUEST, MSR_VMX_CPU2, MAY_SET(CPU2_UNRESTRICTED)},
	{CELLHV_CPU_FEATURE_NMI_EXITING, MSR_VMX_TRUE_PIN,
	 MAY_SET(PIN_NMI_EXITING | PIN_VIRTUAL_NMIS)},
	{CELLHV_CPU_FEATURE_NMI_EXITING, MSR_VMX_TRUE_CPU, MAY_SET(CPU_NMI_WINDOW)},
	{CELLHV_CPU_FEATURE_BITMAPS, MSR_VMX_TRUE_CPU, MAY_SET(CPU_PORT_BITMAPS | CPU_MSR_BITMAP)},
	{CELLHV_CPU_FEATURE_STATE_SWITCH, MSR_VMX_TRUE_EXIT, MAY_SET(STATE_EXIT)},
	{CELLHV_CPU_FEATURE_STATE_SWITCH, MSR_VMX_TRUE_ENTRY, MAY_SET(STATE_ENTRY)},
	{CELLHV_CPU_FEATURE_INVEPT, MSR_VMX_EPT_VPID, EPT_INVEPT | EPT_INVEPT_ALL},
};

/* An MSR of the table exists where the entries above it are met. */
uint32_t vmx_missing_feature(void)
{
	for (unsigned i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if ((msr_read(needed[i].msr) & needed[i].bits) != needed[i].bits)
			return needed[i].feature;

	if (vmx_fixed_cr0(cr0_read()) != cr0_read() || vmx_fixed_cr4(cr4_read()) != cr4_read())
		return CELLHV_CPU_FEATURE_CONTROL_BITS;
	return 0;
}

/* Bits that have to be 1, and to be 0, in VMX operation (A.7, A.8). */
uint64_t vmx_fixed_cr0(uint64_t value)
{
	uint64_t ones = msr_read(MSR_VMX_CR0_FIXED0) & ~(CR0_PE | CR0_PG); /* unrestricted */

	return (value | ones) & msr_read(MSR_VMX_CR0_FIXED1);
}

uint64_t vmx_fixed_cr4(uint64_t value)
{
	return (value | msr_read(MSR_VMX_CR4_FIXED0)) & msr_read(MSR_VMX_CR4_FIXED1);
}

bool vmx_has_vpid(void)
{
	const uint64_t all = EPT_INVVPID | EPT_INVVPID_ALL;

	return (msr_read(MSR_VMX_CPU2) & MAY_SET(CPU2_VPID)) &&
	       (msr_read(MSR_VMX_EPT_VPID) & all) == all;
}

bool vmx_has_huge_pages(void)
{
	return msr_read(MSR_VMX_EPT_VPID) & EPT_1G_PAGES;
}

uint32_t vmx_revision(void)
{
	return msr_read(MSR_VMX_BASIC) & 0x7fffffff;
}

/* PCONFIG changes how the whole machine encrypts its memory: Linux's alone. */
void vmx_wanted_controls(struct vmx_controls *wanted, bool root, bool vpid)
{
	*wanted = (struct vmx_controls){
		.pin = PIN_NMI_EXITING | PIN_VIRTUAL_NMIS,
		.cpu = CPU_PORT_BITMAPS | CPU_MSR_BITMAP | CPU_CONTROLS2,
		.cpu2 = CPU2_EPT | CPU2_UNRESTRICTED | CPU2_ENABLES,
		.exit = STATE_EXIT | EXIT_LOAD_CET,
		.entry = (STATE_ENTRY & ~ENTRY_GUEST_64) | ENTRY_LOAD_CET,
	};

	if (root) {
		wanted->cpu2 |= CPU2_PCONFIG;
	} else {
		wanted->cpu |= CPU_RDPMC_EXITING | CPU_MWAIT_EXITING | CPU_MONITOR_EXITING;
		wanted->cpu2 |= CPU2_WBINVD_EXITING;
	}
	if (vpid)
		wanted->cpu2 |= CPU2_VPID;
}

void vmx_choose_controls(struct vmx_controls *controls, bool root)
{
	struct vmx_controls wanted;

	vmx_wanted_controls(&wanted, root, vmx_has_vpid());
	controls->pin = vmx_adjust(MSR_VMX_TRUE_PIN, wanted.pin);
	controls->cpu = vmx_adjust(MSR_VMX_TRUE_CPU, wanted.cpu);
	controls->cpu2 = vmx_adjust(MSR_VMX_CPU2, wanted.cpu2);
	controls->exit = vmx_adjust(MSR_VMX_TRUE_EXIT, wanted.exit);
	controls->entry = vmx_adjust(MSR_VMX_TRUE_ENTRY, wanted.entry);
}
