/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes of the hypervisor, one after the other in the order in which they were asked for: each
 * has ended, with the job of its unit, before the next one begins.
 */
#ifndef CELLMGRD_TURN_H
#define CELLMGRD_TURN_H

#include <systemd/sd-bus.h>

struct service;
struct turn;

/* Begins; what fails here has no turn_end(). */
typedef int (*turn_fn)(struct service *service, sd_bus_message *call, sd_bus_error *error);

/* Calls fn when all before it have ended. To be returned by an authorized_fn. */
int turn_take(struct service *service, sd_bus_message *call, turn_fn fn);

/* Of the one that is under way; the next one begins. */
void turn_end(struct service *service);

void turn_free_all(struct service *service);

#endif
