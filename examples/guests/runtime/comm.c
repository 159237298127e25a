/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime.h"
#include "x86.h"

bool comm_valid(void)
{
	return __builtin_memcmp(comm->signature, CELLHV_COMM_SIGNATURE, sizeof(comm->signature)) ==
		       0 &&
	       comm->revision == CELLHV_COMM_REVISION;
}

uint32_t comm_message(void)
{
	return comm->message;
}

/* The reply is what management waits for, so the message goes first. */
void comm_reply(uint32_t reply)
{
	comm->message = CELLHV_MSG_NONE;
	comm->reply = reply;
}

void comm_set_state(uint32_t state)
{
	comm->cell_state = state;
}

_Noreturn void comm_finish(uint32_t state)
{
	comm_set_state(state);
	cpu_halt();
}
