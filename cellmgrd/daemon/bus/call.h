/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a method call is about. */
#ifndef CELLMGRD_CALL_H
#define CELLMGRD_CALL_H

#include <systemd/sd-bus.h>

struct service;
struct cell_object;

/*
 * The cell that a call is about: the one at its path, or for a call of the manager the one whose
 * name is read as the first argument. Asks the kernel first. NoSuchCell.
 */
int call_target(struct service *service, sd_bus_message *call, struct cell_object **ret,
		sd_bus_error *error);

/* Reads the flags of a call and refuses unknown ones. */
int call_read_flags(sd_bus_message *call, uint64_t known, uint64_t *ret, sd_bus_error *error);

#endif
