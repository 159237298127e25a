/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine on which a cell runs already: rt-io, from a description that is copied to /etc/cells.
 * It owns what that asks for, devices among it: so the machine is that of pcibox.h.
 */
#ifndef TESTS_NEIGHBOUR_H
#define TESTS_NEIGHBOUR_H

#include "sysroot.h"

/* description: path of rt-io.json. From now on the context's driver has this cell. */
void neighbour_move_in(struct sysroot *root, const char *description);
void neighbour_move_out(struct sysroot *root);

#endif
