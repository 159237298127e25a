/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The boot loaders there are. */
#ifndef LIBCELL_BOOTLOADER_LOADERS_H
#define LIBCELL_BOOTLOADER_LOADERS_H

#include "host/bootloader.h"

extern const struct bootloader bootloader_grub;
extern const struct bootloader bootloader_entries;

#endif
