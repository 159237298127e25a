/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The comm region: one page that a cell shares with the hypervisor, anew with each start. With it
 * comes the virtual console.
 */
#ifndef CORE_COMM_H
#define CORE_COMM_H

#include "core/cell.h"

/* One snapshot of what the guest wrote: any value. */
uint32_t comm_state(const struct cell *cell);
uint32_t comm_reply(const struct cell *cell);

/* What such a snapshot of the state means. What is no state is a failure: nobody waits for more. */
struct comm_report {
	enum cellhv_cell_state state;
	enum cellhv_failure_reason reason; /* of CELLHV_STATE_FAILED */
	uint64_t address;		   /* of the failure, as manage.h says */
};
struct comm_report comm_report(const struct cell *cell);

void comm_send(struct cell *cell, uint32_t message);

#endif
