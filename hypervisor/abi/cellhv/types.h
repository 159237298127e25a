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

/* Checked where the language can: C from 2011 on, C++ from 2011 on. */
#if defined(__cplusplus) && __cplusplus >= 201103L
#define CELLHV_ASSERT(test, text) static_assert(test, text)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define CELLHV_ASSERT(test, text) _Static_assert(test, text)
#else
#define CELLHV_ASSERT(test, text) extern int cellhv_not_checked_
#endif

#endif
