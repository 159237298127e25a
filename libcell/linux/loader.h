/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program at LINUX_LOADER (loader/), as the build puts it into the library. */
#ifndef LIBCELL_LINUX_LOADER_H
#define LIBCELL_LINUX_LOADER_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t loader_image[];
extern const size_t loader_image_size;

#endif
