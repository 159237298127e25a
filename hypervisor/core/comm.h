/* SPDX-License-Identifier: GPL-2.0-only */
/* The comm region: one page that a cell shares with the hypervisor. */
#ifndef CORE_COMM_H
#define CORE_COMM_H

#include "core/cell.h"

/* Zeroes the page and fills it in, for a start. */
void comm_reset(struct cell *cell);

/* One snapshot of what the guest wrote: any value. */
uint32_t comm_state(const struct cell *cell);
uint32_t comm_reply(const struct cell *cell);

void comm_send(struct cell *cell, uint32_t message);
void comm_set_failed(struct cell *cell);

#endif
