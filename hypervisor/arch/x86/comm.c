/* SPDX-License-Identifier: GPL-2.0-only */
/* What x86's guests are told beside what all are: the comm page's platform part. */
#include "arch/x86/machine.h"
#include "core/arch.h"
#include "core/cell.h"

void arch_fill_comm(const struct cell *cell)
{
	struct cellhv_comm_legacy *legacy = cell->comm;
	struct cellhv_comm *comm = cell->comm;

	if (cell->config->comm_revision == CELLHV_COMM_LEGACY) {
		legacy->pm_timer_port = machine.system.pm_timer_port;
		legacy->num_cpus = (uint16_t)cell->config->cpus.count;
		return;
	}
	comm->mmconfig_base = machine.system.mmconfig_base;
	comm->pm_timer_port = machine.system.pm_timer_port;
	comm->num_cpus = (uint16_t)cell->config->cpus.count;
	comm->tsc_khz = machine.ticks_per_ms;
	comm->apic_khz = x86_machine.apic_khz;
}

void arch_info(struct cellhv_call *call)
{
	call->info.x2apic = x86_machine.root_x2apic;
	call->info.apic_khz = x86_machine.apic_khz;
}
