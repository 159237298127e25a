/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What VMX lets a guest do without an exit. */
#include "arch/x86/vmx/vmx.h"
#include "check.h"

static struct vmx_controls wanted_by(bool root)
{
	struct vmx_controls wanted;

	vmx_wanted_controls(&wanted, root, true);
	return wanted;
}

TEST(a_cell_has_no_hold_on_the_machine)
{
	struct vmx_controls cell = wanted_by(false), root = wanted_by(true);

	CHECK(!(cell.cpu2 & CPU2_PCONFIG));
	CHECK(root.cpu2 & CPU2_PCONFIG);
	CHECK(cell.cpu2 & CPU2_WBINVD_EXITING);
	CHECK(!(root.cpu2 & CPU2_WBINVD_EXITING));
	CHECK_EQ(cell.cpu & ~root.cpu, CPU_RDPMC_EXITING | CPU_MWAIT_EXITING | CPU_MONITOR_EXITING);
	CHECK_EQ(cell.pin, root.pin);
	CHECK_EQ(cell.exit, root.exit);
	CHECK_EQ(cell.entry, root.entry);
}
