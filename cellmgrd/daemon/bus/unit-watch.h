/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ActiveState of the units cell@*.service, as systemd announces it. */
#ifndef CELLMGRD_UNIT_WATCH_H
#define CELLMGRD_UNIT_WATCH_H

#include <systemd/sd-bus.h>

struct unit_watch;
typedef void (*unit_watch_fn)(void *userdata);

/* fn is called after each change. Works without systemd on the bus: all is "inactive" then. */
int unit_watch_new(sd_bus *bus, unit_watch_fn fn, void *userdata, struct unit_watch **ret);
struct unit_watch *unit_watch_free(struct unit_watch *watch);

/* A facts_unit_fn: "inactive" "activating" "active" "deactivating" "failed" ... */
const char *unit_watch_state(const void *watch, const char *name);

#endif
