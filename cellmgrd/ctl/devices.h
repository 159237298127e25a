/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_DEVICES_H
#define CELLMGRD_DEVICES_H

#include "ctl.h"

int devices_host(struct ctl *ctl, cell_host *host);

/* Those that a cell has, as facts name them: a line for each. names: may be NULL. */
void devices_status(struct ctl *ctl, char *const *names);

#endif
