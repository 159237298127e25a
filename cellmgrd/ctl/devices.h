/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_DEVICES_H
#define CELLMGRD_DEVICES_H

#include "ctl.h"

int devices_host(struct ctl *ctl, cell_host *host);

#endif
