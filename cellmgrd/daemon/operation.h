/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods that change something or show what is not everybody's: one table, one way in. */
#ifndef CELLMGRD_OPERATION_H
#define CELLMGRD_OPERATION_H

#include <systemd/sd-bus.h>

struct manager;
struct cell_object;

/* Runs the operation that the call's member names, once its sender may do it. */
int operation_run(struct manager *manager, sd_bus_message *call, sd_bus_error *error);

/*
 * The cell that a call is about: the one at its path, or for a call of the manager the one whose
 * name is read as the first argument. Asks the kernel first. NoSuchCell.
 */
int operation_target(struct manager *manager, sd_bus_message *call, struct cell_object **ret,
		     sd_bus_error *error);

/* Reads the flags of a call and refuses unknown ones. */
int operation_read_flags(sd_bus_message *call, uint64_t known, uint64_t *ret, sd_bus_error *error);

#endif
