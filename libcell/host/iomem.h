/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_IOMEM_H
#define LIBCELL_IOMEM_H

#include "base/range.h"

struct iomem {
	struct ranges ram;     /* "System RAM", wherever in the tree */
	struct ranges managed; /* of that what a driver added and may take away again */
};

/* Reads ROOT/proc/iomem. Without CAP_SYS_ADMIN the kernel shows zeros: both sets stay empty. */
int iomem_read(const char *root, struct iomem *ret);
void iomem_clear(struct iomem *iomem);

#endif
