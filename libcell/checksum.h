/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBCELL_CHECKSUM_H
#define LIBCELL_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of a configuration: its checksum field counts as zero. */
uint32_t checksum_config(const void *data, size_t size);

#endif
