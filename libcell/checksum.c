// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checksum.h"

#include <cellhv/config.h>

uint32_t checksum_config(const void *data, size_t size)
{
	const size_t field = offsetof(struct cellhv_config_header, checksum);
	const uint8_t *bytes = data;
	uint32_t crc = ~0u;

	for (size_t i = 0; i < size; i++) {
		crc ^= i - field < sizeof(uint32_t) ? 0 : bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}
