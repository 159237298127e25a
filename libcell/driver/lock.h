/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_LOCK_H
#define LIBCELL_LOCK_H

#include "base/context.h"

/*
 * One change of the machine at a time, whichever process makes it. Returns a descriptor to close;
 * waits for up to 30 s, then -EBUSY (Busy).
 */
int lock_take(cell_context *context);

#endif
