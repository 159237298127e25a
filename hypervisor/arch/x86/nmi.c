/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/nmi.h"

#include "arch/x86/vcpu.h"
#include "core/cell.h"

static void nmi_handle(struct cpu *cpu)
{
	cpu->arch->nmi_arrived = false;
	if (__atomic_exchange_n(&cpu->kicked, false, __ATOMIC_SEQ_CST)) {
		cpu_count(cpu, CELLHV_EXIT_MANAGEMENT);
		cpu_serve_requests(cpu);
		return;
	}
	cpu_count(cpu, CELLHV_EXIT_NMI);
	if (cell_is_root(cpu->cell))
		vcpu_ops->queue_nmi(cpu);
}

void nmi_handle_arrived(struct cpu *cpu)
{
	while (cpu->arch->nmi_arrived)
		nmi_handle(cpu);

	while (cpu->activity != CPU_GUEST) {
		vcpu_ops->wait();
		while (cpu->arch->nmi_arrived)
			nmi_handle(cpu);
	}
}
