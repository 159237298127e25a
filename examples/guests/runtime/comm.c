/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime.h"

bool comm_valid(void)
{
	if (__builtin_memcmp(comm->signature, CELLHV_COMM_SIGNATURE, sizeof(comm->signature)) != 0)
		return false;
	if (comm->revision == CELLHV_COMM_REVISION)
		return true;

	comm_set_state(CELLHV_COMM_WRONG_REVISION);
	return false;
}

bool comm_shutdown_requested(void)
{
	switch (comm->message) {
	case CELLHV_MSG_NONE:
		return false;
	case CELLHV_MSG_SHUTDOWN_REQUEST:
		return true;
	case CELLHV_MSG_RECONFIGURED:
		comm_reply(CELLHV_REPLY_RECEIVED);
		return false;
	default:
		comm_reply(CELLHV_REPLY_UNKNOWN);
		return false;
	}
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
