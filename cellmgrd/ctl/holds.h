/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holds: cellctl is bound by them as D-Bus callers are, root's own reading the files that keep
 * them; systemctl is not.
 */
#ifndef CELLMGRD_CTL_HOLDS_H
#define CELLMGRD_CTL_HOLDS_H

#include "ctl.h"
#include "hold-file.h"

/* EXIT_FAILED where somebody holds the cell; has said who. cellmgrd does that where it is asked. */
int holds_check(struct ctl *ctl, const char *name);

/* Calls fn for each hold of the cell. Has reported where it fails. */
int holds_each(struct ctl *ctl, const char *name,
	       bool (*fn)(void *userdata, const struct hold_file *file), void *userdata);

#endif
