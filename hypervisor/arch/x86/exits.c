/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/exits.h"

#include "arch/x86/guest_memory.h"
#include "arch/x86/leave.h"
#include "arch/x86/skip.h"
#include "arch/x86/vcpu.h"
#include "arch/x86/x86.h"
#include "core/cell.h"
#include "core/errno.h"
#include "core/hypercall.h"
#include "core/panic.h"
#include "core/print.h"
#include "core/string.h"

#define HYPERCALL_LENGTH 3 /* bytes of VMCALL and VMMCALL without prefixes */

#define PORT_RESET_CONTROL 0xcf9
#define RESET_CONTROL_RESET 0x06

void exit_hypercall(struct cpu *cpu)
{
	const uint64_t *regs = cpu->arch->regs;
	struct vcpu_state state;
	struct hypercall call = {.code = (uint32_t)regs[RAX], .arguments = {regs[RDI], regs[RSI]}};

	vcpu_ops->get_state(cpu, &state);
	call.privileged = state.cpl == 0;
	/* Linux calls from 64-bit code, where disabling goes back to. */
	if (cell_is_root(cpu->cell) && !state.mode.long_mode_code)
		cpu->arch->regs[RAX] = (uint32_t)-EINVAL;
	else
		cpu->arch->regs[RAX] = hypercall(cpu, &call);
	skip_instruction(cpu);
}

/* A function of its own: what it has on the stack is not there any more during a call. */
static __attribute__((noinline)) bool exit_is_hypercall(struct cpu *cpu)
{
	static const uint8_t calls[][HYPERCALL_LENGTH] = {{0x0f, 0x01, 0xc1}, {0x0f, 0x01, 0xd9}};
	uint8_t bytes[HYPERCALL_LENGTH];
	struct vcpu_state state;

	vcpu_ops->get_state(cpu, &state);
	return guest_fetch(cpu, &state, state.linear_ip, bytes, sizeof(bytes)) == sizeof(bytes) &&
	       (memcmp(bytes, calls[0], sizeof(bytes)) == 0 ||
		memcmp(bytes, calls[1], sizeof(bytes)) == 0);
}

void exit_undefined(struct cpu *cpu)
{
	if (exit_is_hypercall(cpu)) {
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
	skip_instruction(cpu);
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

/* An instruction that is newer than the tables: for the root it is one that the CPU does not have.
 */
void exit_unknown(struct cpu *cpu, uint32_t code)
{
	if (!cell_is_root(cpu->cell)) {
		cpu_fail(cpu, CELLHV_FAILURE_INSTRUCTION, 0, code);
		return;
	}
	if (cpu_may_complain(cpu))
		print("CPU %u: unknown exit %x of the root, which gets #UD\n", cpu->number, code);
	exit_inject_ud(cpu);
}

void exit_refused(struct cpu *cpu, const char *why, uint64_t detail)
{
	/* What the root has to bear for a state that cannot be; in the end without this CPU. */
	static const uint8_t answers[] = {VECTOR_GP, VECTOR_DF};
	bool root = cell_is_root(cpu->cell);

	if (!root || cpu_may_complain(cpu))
		print("CPU %u: VM entry failed: %s\n", cpu->number, why);
	if (root && !cpu->arch->has_run)
		leave_refused(cpu);
	if (root && cpu->arch->refusals < sizeof(answers))
		vcpu_ops->inject_exception(cpu, answers[cpu->arch->refusals++], true, 0);
	else
		cpu_fail(cpu, CELLHV_FAILURE_CONTROL, 0, detail);
}
