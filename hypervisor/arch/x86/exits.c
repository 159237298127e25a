/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/exits.h"

#include "arch/x86/guest_memory.h"
#include "arch/x86/leave.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/hypercall.h"
#include "core/panic.h"
#include "core/print.h"
#include "core/string.h"

#define HYPERCALL_LENGTH 3 /* bytes of VMCALL and VMMCALL */
#define CACHE_LENGTH 2	   /* bytes of INVD and WBINVD */

#define PORT_RESET_CONTROL 0xcf9
#define RESET_CONTROL_RESET 0x06

void exit_hypercall(struct cpu *cpu)
{
	struct vcpu_state state;

	vcpu_ops->get_state(cpu, &state);
	cpu->regs[RAX] = hypercall(cpu, state.cpl == 0);
	vcpu_ops->skip(cpu, HYPERCALL_LENGTH);
}

void exit_undefined(struct cpu *cpu)
{
	static const uint8_t calls[][HYPERCALL_LENGTH] = {{0x0f, 0x01, 0xc1}, {0x0f, 0x01, 0xd9}};
	uint8_t bytes[HYPERCALL_LENGTH];
	struct vcpu_state state;

	vcpu_ops->get_state(cpu, &state);
	if (guest_fetch(cpu, &state, state.linear_ip, bytes, sizeof(bytes)) == sizeof(bytes) &&
	    (memcmp(bytes, calls[0], sizeof(bytes)) == 0 ||
	     memcmp(bytes, calls[1], sizeof(bytes)) == 0)) {
		exit_hypercall(cpu);
		return;
	}
	cpu_count(cpu, CELLHV_EXIT_EXCEPTION);
	vcpu_ops->inject_exception(cpu, VECTOR_UD, false, 0);
}

void exit_machine_check(struct cpu *cpu)
{
	cpu_count(cpu, CELLHV_EXIT_EXCEPTION);
	cpu_fail(cpu, CELLHV_FAILURE_MACHINE_CHECK, 0, 0);
}

void exit_inject_ud(struct cpu *cpu)
{
	cpu_count(cpu, CELLHV_EXIT_OTHER);
	vcpu_ops->inject_exception(cpu, VECTOR_UD, false, 0);
}

void exit_inject_gp(struct cpu *cpu)
{
	cpu_count(cpu, CELLHV_EXIT_OTHER);
	vcpu_inject_gp(cpu);
}

/* INVD would lose what others have in the caches; a cell has no business to flush them at all. */
void exit_cache(struct cpu *cpu)
{
	cpu_count(cpu, CELLHV_EXIT_OTHER);
	if (cell_is_root(cpu->cell))
		__asm__ volatile("wbinvd" : : : "memory");
	vcpu_ops->skip(cpu, CACHE_LENGTH);
}

void exit_shutdown(struct cpu *cpu)
{
	if (!cell_is_root(cpu->cell)) {
		cpu_fail(cpu, CELLHV_FAILURE_TRIPLE_FAULT, 0, 0);
		return;
	}
	/* Linux's last resort to reboot: do what the processor would. */
	print("CPU %u: root shut down by a triple fault, resetting the machine\n", cpu->number);
	port_write8(PORT_RESET_CONTROL, RESET_CONTROL_RESET);
	panic("the machine does not reset");
}

void exit_unknown(struct cpu *cpu, uint32_t code)
{
	if (cell_is_root(cpu->cell))
		panic("CPU %u: unknown exit %x", cpu->number, code);
	cpu_fail(cpu, CELLHV_FAILURE_INSTRUCTION, 0, code);
}

void exit_refused(struct cpu *cpu, const char *why, uint64_t detail)
{
	print("CPU %u: VM entry failed: %s\n", cpu->number, why);
	if (cell_is_root(cpu->cell) && !cpu->has_run)
		leave_refused(cpu);
	if (cell_is_root(cpu->cell))
		panic("CPU %u: the root's state is refused", cpu->number);
	cpu_fail(cpu, CELLHV_FAILURE_CONTROL, 0, detail);
}
