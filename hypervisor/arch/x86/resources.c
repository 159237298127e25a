/* SPDX-License-Identifier: GPL-2.0-only */
/* The kinds of things that a cell on x86 may own. */
#include "arch/x86/ioapic.h"
#include "arch/x86/pc.h"
#include "arch/x86/port_ranges.h"
#include "core/arch.h"
#include "core/resource.h"

const struct resource *const arch_resources[] = {
	/* First: the others add to its page tables, and what they give reaches no RAM of the root.
	 */
	&region_resource,
	&comm_resource,
	&link_resource,
	&port_resource,
	&pc_resource,
	/* Behind all memory: a domain has it. */
	&function_resource,
	&pin_resource,
	/* Late: nothing of the cell runs before all else is its own. */
	&cpu_resource,
	/* Last: whom messages reach depends on who owns CPUs. */
	&message_resource,
};
const unsigned arch_resource_count = sizeof(arch_resources) / sizeof(arch_resources[0]);
