/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The states are those that Intel SDM vol. 3, 27.2.1.3 and 27.3.1.5 let in, and what leads there.
 */
#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "arch/x86/vmx/event.h"

#define VALID (1u << 31)
#define TYPE(type) ((type) << 8)
#define EXTERNAL TYPE(0u)
#define NMI TYPE(2u)
#define EXCEPTION TYPE(3u)
#define ICEBP TYPE(5u)
#define HAS_ERROR (1u << 11)
#define UNBLOCKED (1u << 12)

#define STI 1u
#define MOV_SS 2u
#define BLOCKED_NMI 8u

#define BS (1ull << 14)
#define TF (1ull << 8)
#define BTF (1ull << 1)
#define PROTECTED 1ull

/* As the processor checks it. */
static bool may_enter(const struct vmx_event_state *state)
{
	bool due = (state->rflags & TF) && !(state->debugctl & BTF);
	uint32_t type = state->event & TYPE(7u);

	if (state->interruptibility & (STI | MOV_SS) && due != !!(state->pending_debug & BS))
		return false;
	if (!(state->event & VALID))
		return true;
	if (state->event & UNBLOCKED)
		return false;
	if (type == EXCEPTION && (state->event & HAS_ERROR) && !(state->cr0 & PROTECTED))
		return false;
	if (type == EXTERNAL && state->interruptibility & (STI | MOV_SS))
		return false;
	return type != NMI || !(state->interruptibility & (MOV_SS | BLOCKED_NMI));
}

TEST(an_icebp_behind_mov_ss_with_tf_goes_in)
{
	struct vmx_event_state state = {.event = VALID | ICEBP | 1,
					.interruptibility = MOV_SS,
					.rflags = TF,
					.cr0 = PROTECTED};

	CHECK(!may_enter(&state));
	vmx_event_complete(&state);
	CHECK(may_enter(&state));
	CHECK_EQ(state.event, VALID | ICEBP | 1);
	CHECK_EQ(state.interruptibility, 0);
	CHECK_EQ(state.pending_debug, 0);
}

TEST(every_state_may_enter_when_it_is_complete)
{
	static const uint32_t events[] = {0,
					  VALID | EXTERNAL | 0x30,
					  VALID | NMI | 2,
					  VALID | NMI | UNBLOCKED | 2,
					  VALID | EXCEPTION | 1,
					  VALID | EXCEPTION | HAS_ERROR | 17,
					  VALID | EXCEPTION | HAS_ERROR | UNBLOCKED | 13,
					  VALID | ICEBP | 1};

	for (unsigned bits = 0; bits < 256; bits++) {
		for (unsigned i = 0; i < sizeof(events) / sizeof(*events); i++) {
			struct vmx_event_state state = {
				.event = events[i],
				.interruptibility = (bits & 3) | (bits & 4 ? BLOCKED_NMI : 0),
				.rflags = bits & 8 ? TF : 0,
				.debugctl = bits & 16 ? BTF : 0,
				.pending_debug = bits & 32 ? BS : 0,
				.cr0 = bits & 64 ? PROTECTED : 0};

			vmx_event_complete(&state);
			CHECK(may_enter(&state));
			CHECK_EQ(state.event & VALID, events[i] & VALID);
			CHECK_EQ(state.event & 0xff, events[i] & 0xff);
		}
	}
}

TEST(a_shadow_without_an_event_stays)
{
	struct vmx_event_state state = {.interruptibility = MOV_SS, .rflags = TF};

	vmx_event_complete(&state);
	CHECK_EQ(state.interruptibility, MOV_SS);
	CHECK_EQ(state.pending_debug, BS);
	state.debugctl = BTF;
	vmx_event_complete(&state);
	CHECK_EQ(state.pending_debug, 0);
}

TEST(dr6_is_as_delivery_leaves_it)
{
	CHECK_EQ(vmx_event_dr6(0xffff0ff0, BS), 0xffff4ff0);
	CHECK_EQ(vmx_event_dr6(0xffff0ff3, 4), 0xffff0ff4);
	CHECK_EQ(vmx_event_dr6(0xffff4ff0, 1), 0xffff4ff1); /* BS is cleared by software */
	CHECK_EQ(vmx_event_dr6(0xffff0ff0, 1ull << 11), 0xffff07f0);
	CHECK_EQ(vmx_event_dr6(0xffff07f0, BS), 0xffff4ff0);
	CHECK_EQ(vmx_event_dr6(0xffff0ff0, 1ull << 16), 0xfffe0ff0);
	CHECK_EQ(vmx_event_dr6(0xffff0ff0, 1ull << 12), 0xffff0ff0); /* no bit of DR6 */
}
