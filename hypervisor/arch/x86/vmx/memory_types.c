/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's memory types for the root's nested tables, from the MTRRs as firmware set them. */
#include "arch/x86/machine.h"
#include "arch/x86/mtrr.h"
#include "arch/x86/vmx/vmx.h"
#include "arch/x86/x86.h"

#define MSR_MTRR_BASE0 0x200u
#define MSR_MTRR_MASK0 0x201u

#define CAP_VARIABLE 0xffu
#define CAP_FIXED (1u << 8)

/* Read again each time, as Linux may have changed them; too large for the stack. */
static struct mtrr mtrrs;

static void vmx_read_mtrrs(struct mtrr *mtrr)
{
	uint64_t capability = msr_read(MSR_MTRR_CAP);

	mtrr->default_type = msr_read(MSR_MTRR_DEFAULT);
	mtrr->phys_mask = machine.phys_limit - 1;
	mtrr->variable = capability & CAP_VARIABLE;
	if (mtrr->variable > MTRR_VARIABLE_MAX)
		mtrr->variable = MTRR_VARIABLE_MAX;
	for (unsigned i = 0; i < mtrr->variable; i++) {
		mtrr->base[i] = msr_read(MSR_MTRR_BASE0 + 2 * i);
		mtrr->mask[i] = msr_read(MSR_MTRR_MASK0 + 2 * i);
	}
	for (unsigned i = 0; i < MTRR_FIXED_MSRS && capability & CAP_FIXED; i++)
		mtrr->fixed[i] = msr_read(mtrr_fixed_msrs[i].msr);
}

/* Under control_lock, or before the first CPU is in. */
int vmx_set_memory_types(struct paging *paging, uint64_t base, uint64_t size)
{
	vmx_read_mtrrs(&mtrrs);
	return mtrr_apply(&mtrrs, paging, base, size);
}
