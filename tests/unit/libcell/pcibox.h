/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine with PCI, of files: what can be at a root complex, each thing that keeps a function
 * from cells at one of them. With a VT-d unit, an I/O APIC, interrupts and users of devices.
 */
#ifndef TESTS_PCIBOX_H
#define TESTS_PCIBOX_H

#include "sysroot.h"

void pcibox_plug(struct sysroot *root);

/* With this function alone. */
void pcibox_plug_one(struct sysroot *root, const char *name);

/* Linux has never enabled 00:0d.0: its interrupt is what the firmware has left there, 10. */
void pcibox_unroute(struct sysroot *root);

/* Its table of IOMMUs goes. */
void pcibox_open(struct sysroot *root);

#endif
