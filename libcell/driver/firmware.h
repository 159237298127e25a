/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hypervisor's image, where the kernel will look for it. */
#ifndef LIBCELL_FIRMWARE_H
#define LIBCELL_FIRMWARE_H

#include <stdbool.h>

#include <cellhv/launch.h>

/* False: there is none, or it is shorter than its header. */
bool firmware_read_header(const char *root, const char *kernel, struct cellhv_image_header *ret);

#endif
