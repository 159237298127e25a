/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_LINUX_DSDT_H
#define LIBCELL_LINUX_DSDT_H

#include "linux/aml.h"
#include "linux/machine.h"

/*
 * The devices of x86/pc.h and the cell's PCI. A function that the cell owns is on the bus it has in
 * the host, without the bridges above it: each bus is a root of its own.
 */
void dsdt_write(struct aml *aml, const struct linux_machine *machine);

#endif
