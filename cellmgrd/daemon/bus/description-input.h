/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A description that a client handed over as a descriptor. */
#ifndef CELLMGRD_DESCRIPTION_INPUT_H
#define CELLMGRD_DESCRIPTION_INPUT_H

#include <stdio.h>
#include <systemd/sd-bus.h>

#include "cell.h"
#include "worker.h"

/* A readable regular file or memfd of at most 64 KiB: nothing that could keep the reader waiting.
 */
int description_input_require(int fd, sd_bus_error *error);

/* A private copy of it, from its beginning, whatever the client does meanwhile: a descriptor. */
int description_input_copy(int fd);

/*
 * In a worker: reads a private copy of the task's descriptor under its label. Checking looks at the
 * files that the description names, with the daemon's rights, and tells whether they exist and how
 * large they are: for others than root only those below /usr/lib/cells/images. -EACCES.
 */
int description_input_read(cell_context *context, const struct worker_task *task, FILE *result,
			   cell_desc **ret);

/* In a worker: the first error among the diagnostics, or libcell's last, as the task's. */
int description_input_fail(FILE *result, int error, cell_context *context, const cell_desc *desc);

#endif
