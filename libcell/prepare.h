/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_PREPARE_H
#define LIBCELL_PREPARE_H

#include "cell.h"

/* Takes NULL. */
void prepare_free(struct cell_preparation *preparation);

#endif
