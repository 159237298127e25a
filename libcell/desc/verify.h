/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_VERIFY_H
#define LIBCELL_VERIFY_H

#include "desc/desc.h"

/* What has to hold between the parts of one description, whatever the host. */
void verify_desc(cell_desc *desc);

#endif
