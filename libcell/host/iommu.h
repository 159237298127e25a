/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_IOMMU_H
#define LIBCELL_IOMMU_H

#include <stdbool.h>

struct iommu_finding {
	char unit[64];	 /* "dmar0", "ivhd0" */
	char device[64]; /* "0000:00:1f.2": one of those it translates for */
	const char *off_option;
	bool is_carried; /* the hypervisor takes it, with Linux's tables */
};

/* Finds a device of Linux's whose DMA addresses are translated, and its IOMMU. */
int iommu_find_translating(const char *root, struct iommu_finding *ret);

#endif
