/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What may take seconds (taking memory or CPUs from Linux, giving them back) runs in a child
 * process, with a libcell context of its own, while the daemon goes on answering.
 */
#ifndef CELLMGRD_WORKER_H
#define CELLMGRD_WORKER_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "cell.h"

struct manager;

struct worker_task {
	int (*run)(cell_context *context, const struct worker_task *task);
	char name[32]; /* of the cell, where the task is about one */
	bool force;
	const char *unit_method; /* then asked of systemd for cell-hypervisor.service, or NULL */
};

/* Replies to `call` when the task has ended. To be returned by an authorized_fn. */
int worker_start(struct manager *manager, sd_bus_message *call, const struct worker_task *task);

int worker_enable_hypervisor(cell_context *context, const struct worker_task *task);
int worker_disable_hypervisor(cell_context *context, const struct worker_task *task);
int worker_destroy_cell(cell_context *context, const struct worker_task *task);

#endif
