/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/skip.h"

#include "arch/x86/guest_memory.h"
#include "arch/x86/vcpu.h"

static int skip_decode(struct cpu *cpu)
{
	uint8_t bytes[DECODE_MAX_LENGTH];
	struct vcpu_state state;
	size_t length;

	vcpu_ops->get_state(cpu, &state);
	length = guest_fetch(cpu, &state, state.linear_ip, bytes, sizeof(bytes));
	return decode_length(bytes, length, &state.mode);
}

void skip_instruction(struct cpu *cpu)
{
	int length = (int)vcpu_ops->get_length(cpu);

	if (!length)
		length = skip_decode(cpu);
	/* Its bytes have changed since: whoever does that gets what the new ones deserve. */
	if (length > 0)
		vcpu_ops->skip(cpu, (unsigned)length);
	else
		vcpu_inject_gp(cpu);
}
