/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* CRC-32 (IEEE 802.3, reflected, initial value and final XOR FFFFFFFF). */
#ifndef CORE_CHECKSUM_H
#define CORE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* crc: 0, or the result so far, so that a message may come in parts. */
uint32_t checksum_crc32(uint32_t crc, const void *data, size_t size);

/*
 * The checksum of a configuration: its checksum field counts as zero. size: bytes, at least that of
 * struct cellhv_config_header.
 */
uint32_t checksum_config(const void *data, size_t size);

#endif
