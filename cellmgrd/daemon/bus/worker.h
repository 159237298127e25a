/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What may take seconds (taking memory or CPUs from Linux, giving them back) or reads what a client
 * wrote runs in a child process, with a libcell context of its own, while the daemon goes on
 * answering.
 */
#ifndef CELLMGRD_WORKER_H
#define CELLMGRD_WORKER_H

#include <stdbool.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "cell.h"

struct service;

struct worker_task {
	/* In the child: returns 0 or a negative errno, and writes what `reply` needs. */
	int (*run)(cell_context *context, const struct worker_task *task, FILE *result);
	/* In the daemon, after success; NULL: an empty reply. result: size bytes and a NUL. */
	int (*reply)(struct service *service, sd_bus_message *call, const struct worker_task *task,
		     const char *result, size_t size);
	char name[32]; /* of the cell, where the task is about one */
	uid_t uid;     /* who asked */
	uint64_t flags;
	int fd;			 /* of the call, or -1 */
	char label[128];	 /* of what fd holds */
	unsigned timeout_s;	 /* 0: as long as it takes */
	bool for_anyone;	 /* asked without authorisation: gets half of the places only */
	const char *unit_method; /* of cell-hypervisor.service, whose end the reply waits for */
	void (*done)(struct service *service); /* after the reply, or NULL */
};

/*
 * Replies to `call` when the task has ended. To be returned by an authorized_fn. Where it fails
 * `done` is not called.
 */
int worker_start(struct service *service, sd_bus_message *call, const struct worker_task *task,
		 sd_bus_error *error);

/* In the child: the error that the sender gets where run fails and libcell has nothing to say. */
int worker_fail(FILE *result, int error, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
