/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_PREFLIGHT_H
#define LIBCELL_PREFLIGHT_H

#include "host.h"

/* 0, or the first failed check as the context's error. */
int preflight_require(cell_host *host);

#endif
