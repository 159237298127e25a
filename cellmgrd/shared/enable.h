/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CELLMGRD_ENABLE_H
#define CELLMGRD_ENABLE_H

#include "cell.h"

/* cell_hv_enable() with the boot marker around it; returns what that returns. */
int enable_marked(cell_hv *hv, cell_host *host);

#endif
