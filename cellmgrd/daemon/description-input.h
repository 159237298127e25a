/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A description that a client handed over as a descriptor. */
#ifndef CELLMGRD_DESCRIPTION_INPUT_H
#define CELLMGRD_DESCRIPTION_INPUT_H

#include <stdio.h>
#include <systemd/sd-bus.h>

#include "cell.h"

/* A readable regular file or memfd of at most 1 MiB: nothing that could keep the reader waiting. */
int description_input_require(int fd, sd_bus_error *error);

/* A private copy of it, from its beginning, whatever the client does meanwhile: a descriptor. */
int description_input_copy(int fd);

int description_input_read(cell_context *context, int fd, const char *label, cell_desc **ret);

/* In a worker: the first error among the diagnostics, or libcell's last, as the task's. */
int description_input_fail(FILE *result, int error, cell_context *context, const cell_desc *desc);

#endif
