/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_LINUX_TABLES_H
#define LIBCELL_LINUX_TABLES_H

#include "linux/machine.h"

/*
 * ACPI tables at LINUX_TABLES, up to size bytes of them, which the caller has zeroed. The MADT is
 * the last, without CPUs: the loader adds them. False: they do not fit.
 */
bool tables_write(const struct linux_machine *machine, void *data, uint32_t size,
		  uint32_t *ret_madt);

#endif
