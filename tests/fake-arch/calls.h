/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a sequence of management calls, and of what guests and CPUs do between them. */
#ifndef FAKE_ARCH_CALLS_H
#define FAKE_ARCH_CALLS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Boots the machine and checks who owns what after each step; at the end all cells go, and nothing
 * is left of them.
 */
void calls_run(const uint8_t *data, size_t size);

#endif
