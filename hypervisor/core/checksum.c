/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
#include "core/checksum.h"

#include <cellhv/config.h>

/* The CRC of each 4-bit value, polynomial EDB88320 (04C11DB7 reflected). */
static const uint32_t nibble_crc[16] = {
	0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
	0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
	0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t checksum_crc32(uint32_t crc, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ nibble_crc[crc & 15];
		crc = crc >> 4 ^ nibble_crc[crc & 15];
	}
	return ~crc;
}

uint32_t checksum_config(const void *data, size_t size)
{
	static const uint32_t zero;
	const size_t field = offsetof(struct cellhv_config_header, checksum);
	const size_t rest = field + sizeof(zero);
	uint32_t crc;

	crc = checksum_crc32(0, data, field);
	crc = checksum_crc32(crc, &zero, sizeof(zero));
	return checksum_crc32(crc, (const uint8_t *)data + rest, size - rest);
}
