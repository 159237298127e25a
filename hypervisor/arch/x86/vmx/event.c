/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/vmx/event.h"

#include <stdbool.h>

#include "arch/x86/vmx/vmcs.h"
#include "arch/x86/x86.h"

#define DR6_BREAKPOINTS 0xfull
#define DR6_CAUSES 0x600full		       /* set where they apply: breakpoints, BD, BS */
#define DR6_INVERTED (1ull << 16 | 1ull << 11) /* clear where they apply: RTM, bus lock */

static void event_deliver(struct vmx_event_state *state)
{
	/* Bit 12 says something about exits alone. */
	state->event &= ~EVENT_NMI_UNBLOCKED;
	/* Exceptions have no error codes in real mode. */
	if (!(state->cr0 & CR0_PE))
		state->event &= ~EVENT_HAS_ERROR;
	/* No shadow outlives the delivery of what came into it. */
	state->interruptibility &= ~INTERRUPTIBILITY_SHADOW;
	if ((state->event & EVENT_TYPE) == EVENT_TYPE_NMI)
		state->interruptibility &= ~INTERRUPTIBILITY_NMI;
}

void vmx_event_complete(struct vmx_event_state *state)
{
	bool steps = (state->rflags & RFLAGS_TF) && !(state->debugctl & DEBUGCTL_BTF);

	if (state->event & EVENT_VALID)
		event_deliver(state);
	/* In a shadow, a single step is pending exactly where one is due. */
	if (state->interruptibility & INTERRUPTIBILITY_SHADOW)
		state->pending_debug =
			steps ? state->pending_debug | DR6_BS : state->pending_debug & ~DR6_BS;
}

uint64_t vmx_event_dr6(uint64_t dr6, uint64_t causes)
{
	dr6 = (dr6 & ~DR6_BREAKPOINTS) | DR6_INVERTED | (causes & DR6_CAUSES);
	return dr6 & ~(causes & DR6_INVERTED);
}
