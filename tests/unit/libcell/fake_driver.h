/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A driver with a hypervisor and room for one cell, which does what it is told. */
#ifndef TESTS_FAKE_DRIVER_H
#define TESTS_FAKE_DRIVER_H

#include <stdbool.h>

#include "driver/driver.h"

struct fake_driver {
	bool enabled;
	bool exists;	/* the cell */
	uint32_t state; /* its */
	uint32_t dma;	/* of the hypervisor's, as the two below */
	uint32_t interrupts;
	struct cellhv_error iommu;
	unsigned long refused; /* request that fails with -EIO */
	_Alignas(8) char config[CELLHV_CONFIG_MAX_SIZE];
};
extern struct fake_driver fake_driver;
extern const struct driver_ops fake_driver_ops;

/* Enabled, without a cell. */
void fake_driver_begin(void);

#endif
