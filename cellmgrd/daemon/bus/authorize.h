/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_AUTHORIZE_H
#define CELLMGRD_AUTHORIZE_H

#include <systemd/sd-bus.h>

#define ACTION_MANAGE_CELLS "org.cellmgr1.manage-cells"
#define ACTION_DEFINE_CELLS "org.cellmgr1.define-cells"
#define ACTION_OPEN_CONSOLE "org.cellmgr1.open-console"
#define ACTION_ATTACH_CONSOLE "org.cellmgr1.attach-console"
#define ACTION_MANAGE_HYPERVISOR "org.cellmgr1.manage-hypervisor"

struct service;

/* A method's body: it reads the call's arguments and replies, or fails with *error set. */
typedef int (*authorized_fn)(struct service *service, sd_bus_message *call, sd_bus_error *error);

/* What rules of polkit can tell apart: action.lookup("cell"), "verb", "unit". */
struct authorize_details {
	const char *verb; /* "start" */
	const char *cell; /* NULL: it is about none */
};

/*
 * Runs fn for the sender of `call` where it may do `action`: at once for root, else as soon as
 * polkit has agreed. To be returned by the method's handler.
 */
int authorize(struct service *service, sd_bus_message *call, const char *action,
	      const struct authorize_details *details, authorized_fn fn, sd_bus_error *error);

/* The effective user of a call's sender. */
int authorize_sender(sd_bus_message *call, uid_t *ret);

#endif
