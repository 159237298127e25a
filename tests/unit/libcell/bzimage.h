/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel's file that has a header and nothing behind it that would run. */
#ifndef TESTS_BZIMAGE_H
#define TESTS_BZIMAGE_H

#include <stdint.h>

#include "sysroot.h"

#define BZIMAGE_SIZE 4096
#define BZIMAGE_INIT_SIZE (32u << 20)

/* Of release 6.1.0-test, which wants to be at 16 MiB. */
void bzimage_make(uint8_t data[BZIMAGE_SIZE]);

/* /boot/vmlinuz and vmlinuz-guest (with CONFIG_JAILHOUSE_GUEST, release 6.1.0-guest), and an
 * initrd. */
void bzimage_install(const struct sysroot *root);

#endif
