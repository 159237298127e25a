/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_PREPARE_H
#define CELLMGRD_PREPARE_H

#include "ctl.h"

/* host prepare: returns the exit status. */
int prepare_host(struct ctl *ctl, cell_host *host);

#endif
