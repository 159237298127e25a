/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_IOMEM_H
#define LIBCELL_IOMEM_H

#include "range.h"

struct iomem {
	struct ranges ram;	/* "System RAM" */
	struct ranges reserved; /* "Reserved" and the like at the top level */
};

/* Reads ROOT/proc/iomem. Without CAP_SYS_ADMIN the kernel shows zeros: both sets stay empty. */
int iomem_read(const char *root, struct iomem *ret);

#endif
