/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who of Linux handles which interrupt. */
#ifndef LIBCELL_INTERRUPTS_H
#define LIBCELL_INTERRUPTS_H

#include <stdint.h>

#define INTERRUPTS_HANDLERS 64

/* 1: there are handlers, by name; 0: none. -ENOMEM */
int interrupts_find(const char *root, uint32_t number, char ret[INTERRUPTS_HANDLERS]);
/* Whether Linux has them remapped by an IOMMU: 1 or 0. -ENOMEM */
int interrupts_are_remapped(const char *root);

#endif
