/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* States of the units cell@*.service, by the names of their cells. */
#ifndef CELLMGRD_UNIT_LIST_H
#define CELLMGRD_UNIT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

struct unit_list {
	struct unit *items;
	size_t n;
};

/*
 * Asks systemd once and waits for the answer. 0 also where there is no systemd, hence no unit that
 * is active.
 */
int unit_list_read(struct unit_list *list, sd_bus *bus);

/* Takes note of ActiveState and SubState of a unit; whether that is news. */
bool unit_list_set(struct unit_list *list, const char *unit, const char *state, const char *sub);

/* A facts_unit_fn; list: a struct unit_list. */
const char *unit_list_state(const void *list, const char *name);
void unit_list_free(struct unit_list *list);

#endif
