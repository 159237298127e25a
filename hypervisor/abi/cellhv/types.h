/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Fixed-width integers for every side of a boundary: kernel module, freestanding hypervisor and
 * guests, and user space.
 */
#ifndef CELLHV_TYPES_H
#define CELLHV_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#endif
